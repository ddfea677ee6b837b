"""The nodes a tree file may use beside the leaves: BehaviorTree.CPP 4.10's, one idea per file."""

from trees.control import ControlNode
from trees.nodes.branch import IfThenElse, TryCatch, WhileDoElse
from trees.nodes.order import (
    AsyncFallback,
    AsyncSequence,
    Fallback,
    ReactiveFallback,
    ReactiveSequence,
    Sequence,
    SequenceWithMemory,
)
from trees.nodes.parallel import Parallel, ParallelAll
from trees.nodes.repeating import KeepRunningUntilFailure, Repeat, RetryUntilSuccessful, RunOnce
from trees.nodes.results import AlwaysFailure, AlwaysSuccess, ForceFailure, ForceSuccess, Inverter, SubTree
from trees.nodes.timing import Delay, Sleep, Timeout

_CLASSES: tuple[type[ControlNode], ...] = (
    Sequence, SequenceWithMemory, AsyncSequence, ReactiveSequence, Fallback, AsyncFallback, ReactiveFallback,
    Parallel, ParallelAll, IfThenElse, WhileDoElse, TryCatch,
    Inverter, ForceSuccess, ForceFailure, RetryUntilSuccessful, Repeat, KeepRunningUntilFailure, RunOnce,
    Delay, Timeout, AlwaysSuccess, AlwaysFailure, Sleep,
)  # fmt: skip
CONTROL_NODES: dict[str, type[ControlNode]] = {node.tag(): node for node in _CLASSES}

__all__ = ["CONTROL_NODES", "SubTree"]
