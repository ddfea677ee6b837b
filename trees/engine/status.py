"""What a tick of a node can return: py_trees' Status, or SKIPPED, which only control nodes ever see."""

from __future__ import annotations

from enum import Enum, StrEnum

from py_trees.common import Status


class Skip(Enum):
    """A node that did not want to run: neither success nor failure. Its stored status stays INVALID."""

    SKIPPED = "SKIPPED"


SKIPPED = Skip.SKIPPED
Returned = Status | Skip
WORDS = {Status.INVALID: "IDLE", Status.RUNNING: "RUNNING", Status.SUCCESS: "SUCCESS", Status.FAILURE: "FAILURE"}


class Answer(StrEnum):
    """A result as a word: what a tick of a tree returns, and what the ports `else` and `if_empty` name."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    RUNNING = "RUNNING"
    SKIPPED = "SKIPPED"

    @property
    def returned(self) -> Returned:
        return SKIPPED if self is Answer.SKIPPED else Status[self.name]

    @classmethod
    def of(cls, returned: Returned) -> Answer:
        """The word for what a tick returned."""
        return cls[returned.name]


def word(returned: Returned) -> str:
    """SUCCESS, FAILURE, RUNNING, SKIPPED or IDLE."""
    return "SKIPPED" if isinstance(returned, Skip) else WORDS[returned]
