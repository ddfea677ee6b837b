"""Why a tree failed: from its root down to the node that decided it."""

from __future__ import annotations

from py_trees.common import Status

from trees.engine.control import ControlNode
from trees.engine.seat import Seat


def why(seat: Seat) -> tuple[str, str]:
    """(path, reason) of the node whose FAILURE made this one fail: a leaf, or a node that failed of its own accord.

    What fails by design (AlwaysFailure, ForceFailure or Inverter over a success) is told only if nothing else failed:
    it is how trees go on after a recovery that went well.
    """
    found, _ = _decider(seat)
    reason = found.feedback()
    if not reason and (turned := _turned(found)) is not None:
        words = turned.feedback()
        reason = f"fails on the success of {turned.behaviour.name}{f': {words}' if words else ''}"
    return found.path, reason


def _turned(seat: Seat) -> Seat | None:
    """The child whose success this node turned into its failure, as ForceFailure and Inverter do."""
    culprits = seat.behaviour.culprits() if isinstance(seat.behaviour, ControlNode) else []
    return next((culprit for culprit in culprits if culprit.last is Status.SUCCESS), None)


def _decider(seat: Seat) -> tuple[Seat, bool]:
    """The node that decided, and whether it really failed."""
    node = seat.behaviour
    if seat.decided or seat.last is not Status.FAILURE or not isinstance(node, ControlNode):
        return seat, seat.last is Status.FAILURE
    culprits = node.culprits()
    if not culprits:
        return seat, not node.FAILS_BY_DESIGN
    if _turned(seat) is not None:
        return seat, False
    first: tuple[Seat, bool] | None = None
    for culprit in culprits:
        found = _decider(culprit)
        if found[1]:
            return found
        first = first or found
    assert first is not None
    return first
