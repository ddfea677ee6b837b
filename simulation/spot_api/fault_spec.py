"""What a fault script may say: a TOML or JSON file with a list `faults`, each one kind, one trigger and its values."""

from __future__ import annotations

import difflib
import json
import tomllib
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

from perception.errors import ConfigError

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
    "depth_zero",
    "clock_skew",
    "clock_drift",
    "arm_stalled",
    "walk_blocked",
    "object_bumped",
    "object_slips",
]
When = Literal["", "walking", "arm_moving", "holding"]
KINDS: tuple[str, ...] = get_args(Kind)
RPC_KINDS = ("rpc_delay", "rpc_unavailable", "rpc_deadline")
CAUSES = ("fall", "hardware", "lease_timeout")


@dataclass(frozen=True)
class FaultSpec:
    """One fault on purpose.

    Trigger, all that are given must hold: at_s simulated seconds after the server started; on: an RPC is received,
    `Service.Rpc` or `Rpc`, with * and ?, the nth time; when: the robot is doing something. Without any it is there
    from the start. for_s: how long it lasts, simulated seconds; None is for good (for what passes by itself, once).

    Values: rpc: which RPCs rpc_* hit. times: how many of them, None is all. seconds: delay or skew. rate: drift, in
    seconds a second. by: who steals the lease. cause, clearable: of a behaviour fault. offset_m: bump, world frame.
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

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = difflib.get_close_matches(str(self.kind), KINDS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"unknown fault {self.kind!r}{hint} There are: {', '.join(KINDS)}")
        if self.when not in get_args(When):
            raise ConfigError(f"fault {self.kind}: when = {self.when!r}, not one of walking, arm_moving, holding")
        if self.cause not in CAUSES:
            raise ConfigError(f"fault {self.kind}: cause = {self.cause!r}, not one of {', '.join(CAUSES)}")
        if len(self.offset_m) != 3:
            raise ConfigError(f"fault {self.kind}: offset_m needs three numbers")
        for name in ("at_s", "for_s", "seconds"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and (value >= 0 or self.kind == "clock_skew")):
                raise ConfigError(f"fault {self.kind}: {name} = {value!r} is not a number of seconds")
        if self.nth < 1 or (self.times is not None and self.times < 1):
            raise ConfigError(f"fault {self.kind}: nth and times count from 1")


def matches(pattern: str, method: str) -> bool:
    """Whether `Service.Rpc` fits a pattern for it or for its Rpc alone."""
    return fnmatchcase(method, pattern) or fnmatchcase(method.rpartition(".")[2], pattern)


def read_faults(file: Path) -> list[FaultSpec]:
    """The faults of a script. ConfigError, naming the file and the entry, for what cannot be used."""
    try:
        text = file.read_text()
        content: Any = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{file}: cannot read the fault script: {error.strerror}") from error
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: not a fault script: {error}") from error
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
                f"{file}: fault {number}: unknown key {unknown[0]!r}; there are: {', '.join(sorted(known))}"
            )
        if "offset_m" in entry:
            entry["offset_m"] = tuple(entry["offset_m"])
        try:
            specs.append(FaultSpec(**entry))
        except ConfigError as error:
            raise ConfigError(f"{file}: fault {number}: {error}") from error
        except TypeError as error:
            raise ConfigError(f"{file}: fault {number}: a value of the wrong type: {error}") from error
    return specs
