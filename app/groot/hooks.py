"""Breakpoints and injected results, for simulated robots only: a client can hold the tree or set a node's result.

A breakpoint holds the tick until the client releases or removes it, is silent for too long, or the run is interrupted.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from app.groot import protocol
from app.groot.protocol import BadRequestError, Request
from perception.base.plain_json import json_text
from trees.engine.intercept import Forced

SILENCE_S: Final = 5.0
"""Hooks of a client that sends no request for so long are suspended. BehaviorTree.CPP's value."""
LOOK_S: Final = 0.05
BEFORE, AFTER = 0, 1
BREAK, REPLACE = 0, 1
DESIRED: Final = ("SUCCESS", "FAILURE", "SKIPPED")
"""With SKIPPED the node keeps its own result."""


@dataclass
class _Hook:
    """position: BEFORE or AFTER the node's tick. mode: BREAK or REPLACE. once: it is removed after its first use."""

    uid: int
    position: int
    mode: int
    enabled: bool
    once: bool
    desired: str
    ready: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "enabled": self.enabled,
            "uid": self.uid,
            "mode": self.mode,
            "once": self.once,
            "desired_status": self.desired,
            "position": self.position,
        }


class Hooks:
    """The hooks of one tree. The publisher's thread calls `answer` and `heard`, the tick thread `before` and `after`.

    uids: of the tree's nodes. interrupted: whether the run is to stop; then no breakpoint holds it.
    notify: reports a breakpoint that was reached, (number, uid); set by the publisher.
    """

    def __init__(
        self,
        uids: frozenset[int],
        interrupted: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uids, self._interrupted, self._clock = uids, interrupted, clock
        self._changed = threading.Condition()
        self._hooks: dict[tuple[int, int], _Hook] = {}
        self._heard_s = -float("inf")
        self._closed = False
        self._notices = 0
        self.notify: Callable[[int, int], None] = lambda number, uid: None

    def heard(self) -> None:
        """A client has sent a request."""
        self._heard_s = self._clock()

    def close(self) -> None:
        """Release a held tree and remove all hooks, for good."""
        with self._changed:
            self._closed = True
            self._hooks.clear()
            self._changed.notify_all()

    def before(self, uid: int) -> Forced:
        """The result that replaces the tick of a node, or None to tick it. May hold the caller."""
        return self._run(uid, BEFORE) if self._hooks else None

    def after(self, uid: int) -> Forced:
        """The result that replaces that of a ticked node, or None. May hold the caller."""
        return self._run(uid, AFTER) if self._hooks else None

    def _run(self, uid: int, position: int) -> Forced:
        hook = self._hooks.get((uid, position))
        if hook is None or not hook.enabled or self._silent():
            return None
        self._notices += 1
        self.notify(self._notices & 0xFFFFFFFF, uid)
        with self._changed:
            while hook.mode == BREAK and not hook.ready:
                if not self._holds(hook):
                    return None
                self._changed.wait(LOOK_S)
            hook.ready = False
            if self._hooks.get((uid, position)) is not hook or not hook.enabled:
                return None
            if hook.once:
                del self._hooks[uid, position]
            if hook.desired == "SUCCESS":
                return "SUCCESS"
            return "FAILURE" if hook.desired == "FAILURE" else None

    def _holds(self, hook: _Hook) -> bool:
        """Whether a breakpoint still holds the tree."""
        there = self._hooks.get((hook.uid, hook.position)) is hook and hook.enabled
        return there and not (self._closed or self._silent() or self._interrupted())

    def _silent(self) -> bool:
        return self._clock() - self._heard_s > SILENCE_S

    def answer(self, request: Request) -> bytes | None:
        """Carry out a request; the payload of the reply. BadRequestError if it is invalid."""
        with self._changed:
            try:
                return self._answer(request)
            finally:
                self._changed.notify_all()

    def _answer(self, request: Request) -> bytes | None:
        match request.kind:
            case protocol.HOOKS_DUMP:
                return json_text([hook.as_json() for hook in self._hooks.values()]).encode()
            case protocol.HOOKS_REMOVE_ALL:
                self._hooks.clear()
            case protocol.HOOKS_DISABLE_ALL:
                for hook in self._hooks.values():
                    hook.enabled = False
            case protocol.HOOK_INSERT:
                fields = _json(request)
                for hook in [self._read(item) for item in (fields if isinstance(fields, list) else [fields])]:
                    self._hooks[hook.uid, hook.position] = hook
            case protocol.HOOK_REMOVE:
                fields = _json(request)
                if self._hooks.pop((_number(fields, "uid"), _number(fields, "position")), None) is None:
                    raise BadRequestError("Node ID not found")
            case protocol.HOOK_UNLOCK:
                self._unlock(_json(request))
            case _:
                raise BadRequestError("Request not recognized")
        return None

    def _unlock(self, fields: Any) -> None:
        hook = self._hooks.get((_number(fields, "uid"), _number(fields, "position")))
        if hook is None:
            raise BadRequestError("Node ID not found")
        hook.desired = _choice(fields, "desired_status", DESIRED)
        hook.once = hook.once or _truth(fields, "remove_when_done")
        hook.ready = True

    def _read(self, fields: Any) -> _Hook:
        uid = _number(fields, "uid")
        if uid not in self._uids:
            raise BadRequestError(f"there is no node {uid}")
        position, mode = _number(fields, "position"), _number(fields, "mode")
        if position not in (BEFORE, AFTER) or mode not in (BREAK, REPLACE):
            raise BadRequestError("position is 0 or 1, and so is mode")
        return _Hook(
            uid,
            position,
            mode,
            _truth(fields, "enabled"),
            _truth(fields, "once"),
            _choice(fields, "desired_status", DESIRED),
        )


def _json(request: Request) -> Any:
    try:
        return json.loads(request.text())
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadRequestError(f"the payload is not JSON: {error}") from error


def _get(fields: Any, key: str, kind: type) -> Any:
    value = fields.get(key) if isinstance(fields, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadRequestError(f"'{key}' is missing or not of type {kind.__name__}")
    return value


def _number(fields: Any, key: str) -> int:
    return int(_get(fields, key, int))


def _truth(fields: Any, key: str) -> bool:
    return bool(_get(fields, key, bool))


def _choice(fields: Any, key: str, choices: tuple[str, ...]) -> str:
    value = str(_get(fields, key, str))
    if value not in choices:
        raise BadRequestError(f"'{key}' is '{value[:40]}', not one of {', '.join(choices)}")
    return value
