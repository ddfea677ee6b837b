"""Fault scripts: TOML or JSON files with a list `faults`, each with a kind, triggers and values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

from perception.base.errors import ConfigError
from perception.base.files import read_json, read_toml

Kind = Literal[
    "rpc_delay",
    "rpc_unavailable",
    "rpc_deadline",
    "connection_cut",
    "lease_stolen",
    "estop_pressed",
    "estop_check_ins_lost",
    "motors_off",
    "behavior_fault",
    "image_black",
    "image_stale",
    "image_error",
    "depth_zero",
    "clock_skew",
    "clock_drift",
    "arm_stalled",
    "walk_blocked",
    "object_bumped",
    "object_slips",
    "body_pushed",
    "hand_loaded",
    "foot_slips",
    "foot_sinks",
]
When = Literal["", "walking", "arm_moving", "holding"]
KINDS: tuple[str, ...] = get_args(Kind)
WHENS: tuple[str, ...] = get_args(When)
LEG_KINDS = ("body_pushed", "hand_loaded", "foot_slips", "foot_sinks")
FEET = ("fl", "fr", "hl", "hr")
MOST_NS, MOST_KG = 500.0, 2.0
"""Of a push in each direction, and of a load in the hand."""
RPC_KINDS = ("rpc_delay", "rpc_unavailable", "rpc_deadline")
CAUSES = ("fall", "hardware", "lease_timeout")
LONGEST_DELAY_S, LATEST_S = 60.0, 1e6
RATES = (-0.9, 10.0)
"""Of a clock's drift, seconds per second."""
MOST_TIMES = 1_000_000
LONGEST_TEXT, MOST_STARS = 200, 10
"""Of a pattern or a name: each star makes matching slower."""


@dataclass(frozen=True)
class FaultSpec:
    """One injected fault. It begins when all its triggers hold; without a trigger, at the start.

    kind: what goes wrong. at_s: trigger, simulated seconds after the server started. on: trigger, an RPC that the
    server receives, `Service.Rpc` or `Rpc`, with * and ?. nth: trigger, number of that RPC. when: trigger, what
    the robot is doing. for_s: duration in simulated seconds; None for ever. Kinds without a duration happen once. rpc:
    the RPCs that the kinds rpc_* disturb, with * and ?. times: how many of them; None for all.
    seconds: delay or skew. rate: drift in seconds per second. by: name of the client that steals the lease. cause:
    cause of a behaviour fault. clearable: whether that fault can be cleared. offset_m: displacement of the object,
    world frame, metres. leaf: trigger, a node that a run ticks: its name or its path, with * and ?. impulse_ns: of a
    push, N·s ahead, to the left and up, as the body stands. load_kg: mass whose weight hangs on the hand. foot: the one
    that slips or sinks, fl, fr, hl or hr.
    """

    kind: Kind
    at_s: float = 0.0
    on: str = ""
    nth: int = 1
    when: When = ""
    for_s: float | None = None
    rpc: str = "*"
    times: int | None = None
    seconds: float = 0.5
    rate: float = 0.05
    by: str = "somebody else"
    cause: str = "fall"
    clearable: bool = True
    offset_m: tuple[float, float, float] = (0.03, 0.03, 0.0)
    leaf: str = ""
    impulse_ns: tuple[float, float, float] = (0.0, 60.0, 0.0)
    load_kg: float = 1.0
    foot: str = "fl"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = difflib.get_close_matches(str(self.kind)[:40], KINDS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"unknown fault {repr(self.kind)[:40]}{hint} There are: {', '.join(KINDS)}")
        seconds = (-1e9, 1e9) if self.kind == "clock_skew" else (0.0, LONGEST_DELAY_S)
        rules: dict[str, tuple[bool, str]] = {
            "at_s": (_number(self.at_s, 0.0, LATEST_S), f"a number of seconds, at most {LATEST_S:g}"),
            "on": (_pattern(self.on), f"a text of at most {LONGEST_TEXT} letters and {MOST_STARS} stars"),
            "nth": (_count(self.nth), f"a whole number from 1 to {MOST_TIMES}"),
            "when": (self.when in WHENS, "one of walking, arm_moving, holding"),
            "for_s": (self.for_s is None or _number(self.for_s, 0.0, LATEST_S), f"seconds, at most {LATEST_S:g}"),
            "rpc": (_pattern(self.rpc), f"a text of at most {LONGEST_TEXT} letters and {MOST_STARS} stars"),
            "times": (self.times is None or _count(self.times), f"a whole number from 1 to {MOST_TIMES}"),
            "seconds": (_number(self.seconds, *seconds), "a number of seconds from {:g} to {:g}".format(*seconds)),
            "rate": (_number(self.rate, *RATES), "a number from {:g} to {:g}".format(*RATES)),
            "by": (_pattern(self.by), f"a text of at most {LONGEST_TEXT} letters"),
            "cause": (self.cause in CAUSES, f"one of {', '.join(CAUSES)}"),
            "clearable": (isinstance(self.clearable, bool), "true or false"),
            "offset_m": (_vector(self.offset_m, 10.0), "three numbers, -10 to 10"),
            "leaf": (_pattern(self.leaf), f"a text of at most {LONGEST_TEXT} letters and {MOST_STARS} stars"),
            "impulse_ns": (_vector(self.impulse_ns, MOST_NS), f"three numbers, {-MOST_NS:g} to {MOST_NS:g} N·s"),
            "load_kg": (_number(self.load_kg, 0.0, MOST_KG), f"a number of kg, at most {MOST_KG:g}"),
            "foot": (self.foot in FEET, f"one of {', '.join(FEET)}"),
        }
        for name, (fits, expected) in rules.items():
            if not fits:
                raise ConfigError(f"fault {self.kind}: {name} = {repr(getattr(self, name))[:40]} is not {expected}")


def _number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _vector(value: Any, most: float) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and all(_number(number, -most, most) for number in value)


def _count(value: Any) -> bool:
    return type(value) is int and 1 <= value <= MOST_TIMES


def _pattern(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and value.count("*") <= MOST_STARS


def matches(pattern: str, method: str) -> bool:
    """Whether a pattern fits `Service.Rpc` or its Rpc alone."""
    return fnmatchcase(method, pattern) or fnmatchcase(method.rpartition(".")[2], pattern)


def require_legs(specs: Iterable[FaultSpec], *, on_legs: bool) -> None:
    """ConfigError for a fault that only a robot on legs can have."""
    for spec in specs:
        if spec.kind in LEG_KINDS and not on_legs:
            raise ConfigError(f"fault {spec.kind}: only a body on legs can have it; take genesis without --base rails")


def read_faults(file: Path) -> list[FaultSpec]:
    """The faults of a script. ConfigError, naming file and entry, if it is invalid."""
    read = read_json if file.suffix == ".json" else read_toml
    content: Any = read(file, "fault script")
    entries = content.get("faults") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise ConfigError(f"{file}: a fault script has a list `faults`, in TOML tables [[faults]]")
    known = {item.name for item in fields(FaultSpec)}
    specs = []
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or "kind" not in entry:
            raise ConfigError(f"{file}: fault {number} has no kind; there are: {', '.join(KINDS)}")
        unknown = sorted(set(entry) - known)
        if unknown:
            raise ConfigError(
                f"{file}: fault {number}: unknown key {repr(unknown[0])[:40]}; there are: {', '.join(sorted(known))}"
            )
        for name, value in entry.items():
            if isinstance(value, list):
                entry[name] = tuple(value)
        try:
            specs.append(FaultSpec(**entry))
        except ConfigError as error:
            raise ConfigError(f"{file}: fault {number}: {error}") from error
    return specs
