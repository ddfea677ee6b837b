"""What a tick of a node can return: py_trees' Status, or SKIPPED, which only control nodes see."""

from __future__ import annotations

from enum import Enum, StrEnum

from py_trees.common import Status


class Skip(Enum):
    """A node that did not run: neither success nor failure. Its stored status stays INVALID."""

    SKIPPED = "SKIPPED"


SKIPPED = Skip.SKIPPED
Returned = Status | Skip
WORDS = {Status.INVALID: "IDLE", Status.RUNNING: "RUNNING", Status.SUCCESS: "SUCCESS", Status.FAILURE: "FAILURE"}


class TickStatus(StrEnum):
    """What a tick of a tree returns, as a word, and the values of the ports `else` and `if_empty`."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    RUNNING = "RUNNING"
    SKIPPED = "SKIPPED"

    @property
    def returned(self) -> Returned:
        """The result of a node's tick that it stands for."""
        return SKIPPED if self is TickStatus.SKIPPED else Status[self.name]

    @classmethod
    def of(cls, returned: Returned) -> TickStatus:
        """The word for the result of a node's tick."""
        return cls[returned.name]


def word(returned: Returned) -> str:
    """SUCCESS, FAILURE, RUNNING, SKIPPED or IDLE."""
    return "SKIPPED" if isinstance(returned, Skip) else WORDS[returned]
