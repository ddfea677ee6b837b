"""Words of BehaviorTree.CPP 3 and their replacements in version 4."""

from __future__ import annotations

from typing import Final

NODES: Final = {
    "Selector": "write <Fallback>",
    "SelectorStar": "write <Fallback>, which goes on at the child that was running",
    "FallbackStar": "write <Fallback>, which goes on at the child that was running",
    "SequenceStar": "write <SequenceWithMemory>",
    "Negation": "write <Inverter>",
    "RetryUntilSuccesful": "write <RetryUntilSuccessful>",
    "SubTreePlus": 'write <SubTree>, with _autoremap="true" for __autoremap',
    "SubtreePlus": 'write <SubTree>, with _autoremap="true" for __autoremap',
    **{
        f"BlackboardCheck{kind}": 'write <Precondition if="key == value"> around the child'
        for kind in ("Int", "Double", "String", "Bool")
    },
}
"""Tag -> what to write."""
_PORTS: Final = {
    "Parallel": {
        "success_threshold": "success_count", "failure_threshold": "failure_count", "threshold": "success_count",
    },
}  # fmt: skip
ATTRIBUTES: Final = {"__shared_blackboard": "_autoremap", "__autoremap": "_autoremap"}
DIFFERENCES: Final = (
    'in version 4 the ports of a SubTree are written in braces, port="{key}", a SubTreePlus is a SubTree, and '
    "attributes that begin with _ are conditions"
)


def renamed_node(tag: str) -> str:
    """` It is of version 3: write <Fallback>`, or nothing."""
    return f" It is of version 3: {NODES[tag]}" if tag in NODES else ""


def renamed_port(tag: str, port: str) -> str:
    """` In version 4 it is 'success_count'.`, or nothing."""
    name = _PORTS.get(tag, {}).get(port)
    return f" In version 4 it is '{name}'." if name else ""
