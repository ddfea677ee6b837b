"""How the nodes of a tree can end, by what they are and what their children can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from trees.checking.kinds import tag_of
from trees.engine.leaf import Leaf

if TYPE_CHECKING:
    from trees import Document
    from trees.reading.elements import Element

Outcomes = frozenset[str]
GOOD: Final = frozenset({"SUCCESS"})
BAD: Final = frozenset({"FAILURE"})
BOTH: Final = GOOD | BAD
FIXED: Final[Mapping[str, Outcomes]] = {
    "AlwaysSuccess": GOOD, "AlwaysFailure": BAD, "ForceSuccess": GOOD, "ForceFailure": BAD, "Script": GOOD,
    "SetBlackboard": GOOD, "UnsetBlackboard": GOOD, "Sleep": GOOD, "KeepRunningUntilFailure": BAD,
}  # fmt: skip
ALL_OF: Final = (
    "Sequence", "AsyncSequence", "SequenceWithMemory", "SequenceStar", "ReactiveSequence", "PipelineSequence",
    "ParallelAll",
)  # fmt: skip
"""They succeed if all children do, and fail if one does."""
ONE_OF: Final = ("Fallback", "AsyncFallback", "ReactiveFallback", "RoundRobin")
SAME: Final = (
    "SubTree", "Delay", "RunOnce", "RetryUntilSuccessful", "Repeat", "RateController", "LoopInt", "LoopBool",
    "LoopDouble", "LoopString",
)  # fmt: skip
"""They end as their child can."""


def possible(document: Document, element: Element) -> Outcomes:
    """How a node can end, by what it is and by its conditions. Of what it does not know it says both."""
    more = {"_failureIf": BAD, "_successIf": GOOD}
    known = frozenset[str]().union(*(more[key] for key in more if key in element.attributes))
    return _own(document, element) | known


def _own(document: Document, element: Element) -> Outcomes:
    tag = tag_of(element)
    if tag in FIXED:
        return FIXED[tag]
    if tag == "SubTree":
        return possible(document, document.trees[element.attributes["ID"]])
    own = document.class_of(element)
    if issubclass(own, Leaf):
        return GOOD if own.NEVER_FAILS else BOTH
    below = [possible(document, child) for child in element.children]
    if tag == "Inverter":
        return frozenset({"SUCCESS": "FAILURE", "FAILURE": "SUCCESS"}[outcome] for outcome in below[0])
    if tag in SAME:
        return below[0]
    if tag in (*ALL_OF, *ONE_OF):
        every, one = (GOOD, BAD) if tag in ALL_OF else (BAD, GOOD)
        surely = all(every <= outcomes for outcomes in below)
        maybe = any(one <= outcomes for outcomes in below)
        return (every if surely else frozenset()) | (one if maybe else frozenset())
    return BOTH
