"""Why a tree failed: the path from its root down to the node that caused the failure."""

from __future__ import annotations

from py_trees.common import Status

from trees.engine.control import ControlNode
from trees.engine.node import TreeNode


def failure_reason(node: TreeNode) -> tuple[str, str]:
    """(path, reason) of the node that made this one fail: a leaf, or a control node that failed by itself.

    Nodes that fail by design (AlwaysFailure, ForceFailure or Inverter over a success) are named only if nothing else
    failed: trees use them to continue after a successful recovery.
    """
    cause, _ = _cause(node)
    reason = cause.feedback()
    if not reason and (inverted := _inverted_child(cause)) is not None:
        feedback = inverted.feedback()
        reason = f"fails on the success of {inverted.behaviour.name}{f': {feedback}' if feedback else ''}"
    return cause.path, reason


def _inverted_child(node: TreeNode) -> TreeNode | None:
    """The child whose success this node turned into a FAILURE, as ForceFailure and Inverter do."""
    culprits = node.behaviour.culprits() if isinstance(node.behaviour, ControlNode) else []
    return next((culprit for culprit in culprits if culprit.last is Status.SUCCESS), None)


def _cause(node: TreeNode) -> tuple[TreeNode, bool]:
    """The node that caused the failure, and whether it is a real failure, not one by design."""
    behaviour = node.behaviour
    if node.preempted_by or node.last is not Status.FAILURE or not isinstance(behaviour, ControlNode):
        return node, node.last is Status.FAILURE
    culprits = behaviour.culprits()
    if not culprits:
        return node, not behaviour.FAILS_BY_DESIGN
    if _inverted_child(node) is not None:
        return node, False
    first: tuple[TreeNode, bool] | None = None
    for culprit in culprits:
        cause = _cause(culprit)
        if cause[1]:
            return cause
        first = first or cause
    assert first is not None
    return first
