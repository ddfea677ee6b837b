"""The nodes of the language: those of BehaviorTree.CPP 4.10 and four of nav2."""

from trees.engine.control import ControlNode
from trees.nodes.branch import IfThenElse, WhileDoElse
from trees.nodes.entries import SetBlackboard, SkipUnlessUpdated, UnsetBlackboard, WaitValueUpdate, WasEntryUpdated
from trees.nodes.loop import LoopBool, LoopDouble, LoopInt, LoopString
from trees.nodes.navigation import PipelineSequence, RateController, RecoveryNode, RoundRobin
from trees.nodes.order import (
    AsyncFallback,
    AsyncSequence,
    Fallback,
    ReactiveFallback,
    ReactiveSequence,
    Sequence,
    SequenceStar,
    SequenceWithMemory,
)
from trees.nodes.parallel import Parallel, ParallelAll
from trees.nodes.repeating import KeepRunningUntilFailure, Repeat, RetryUntilSuccessful, RunOnce
from trees.nodes.results import AlwaysFailure, AlwaysSuccess, ForceFailure, ForceSuccess, Inverter, SubTree
from trees.nodes.scripting import Precondition, Script, ScriptCondition
from trees.nodes.switch import Switch2, Switch3, Switch4, Switch5, Switch6
from trees.nodes.timing import Delay, Sleep, Timeout
from trees.nodes.trycatch import TryCatch

_CLASSES: tuple[type[ControlNode], ...] = (
    Sequence, SequenceWithMemory, SequenceStar, AsyncSequence, ReactiveSequence,
    Fallback, AsyncFallback, ReactiveFallback, Parallel, ParallelAll,
    IfThenElse, WhileDoElse, Switch2, Switch3, Switch4, Switch5, Switch6, TryCatch,
    Inverter, ForceSuccess, ForceFailure, RetryUntilSuccessful, Repeat, KeepRunningUntilFailure, RunOnce,
    LoopInt, LoopBool, LoopDouble, LoopString, Delay, Timeout, Precondition, SkipUnlessUpdated, WaitValueUpdate,
    AlwaysSuccess, AlwaysFailure, Sleep, Script, ScriptCondition, SetBlackboard, UnsetBlackboard, WasEntryUpdated,
    RecoveryNode, PipelineSequence, RoundRobin, RateController,
)  # fmt: skip
CONTROL_NODES: dict[str, type[ControlNode]] = {node.tag(): node for node in _CLASSES}

__all__ = ["CONTROL_NODES", "SubTree"]
