"""Descriptions of leaves: as text, as values, and as a palette for Groot2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trees.checking.kinds import NodeClass
from trees.checking.nodes import describe_port
from trees.data.literals import type_name, written
from trees.engine.leaf import Leaf
from trees.reading.escape import attributes, escape_text, legal


def table(leaves: Mapping[str, type[Leaf]]) -> list[str]:
    """The leaves as text, one line for each leaf and each port. leaves: by tag."""
    lines = []
    for tag, leaf in sorted(leaves.items()):
        text = (leaf.__doc__ or "").strip().split("\n")[0]
        lines.append(f"{tag}  ({leaf.KIND.lower()})  {text}")
        for port in leaf.PORTS:
            default = "" if port.required or port.default is None else f", default {written(port.default)}"
            lines.append(f"    {port.name:<22} {describe_port(port)}{default}  {port.text}")
    return lines


def facts(leaves: Mapping[str, type[Leaf]]) -> list[dict[str, Any]]:
    """The leaves with their ports as plain values. leaves: by tag. A minimum or maximum that is infinite is no
    bound."""
    return [
        {
            "id": tag,
            "kind": leaf.KIND.lower(),
            "text": (leaf.__doc__ or "").strip().split("\n")[0],
            "ports": [
                {
                    "name": port.name,
                    "direction": port.direction.value,
                    "type": type_name(port.type),
                    "unit": port.unit,
                    "required": port.required,
                    "default": None if port.required or port.default is None else written(port.default),
                    "minimum": port.bounds.minimum,
                    "maximum": port.bounds.maximum,
                    "above_minimum": port.bounds.above,
                    "text": port.text,
                }
                for port in leaf.PORTS
            ],
        }
        for tag, leaf in sorted(leaves.items())
    ]


def palette_xml(leaves: Mapping[str, type[Leaf]]) -> str:
    """A file with a TreeNodesModel of the leaves, which Groot2 imports. leaves: by tag."""
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', '<root BTCPP_format="4">', *model(leaves), "</root>", ""]
    )


def model(nodes: Mapping[str, NodeClass]) -> list[str]:
    """The lines of a TreeNodesModel. nodes: by tag. An optional port has a default, at least an empty one: Groot2
    writes it, and an empty port counts as absent here."""
    lines = ["  <TreeNodesModel>"]
    for tag, node in sorted(nodes.items()):
        lines.append(f"    <{node.KIND}{attributes({'ID': tag})}{'>' if node.PORTS else '/>'}")
        for port in node.PORTS:
            notes = ", ".join(note for note in (port.unit, port.limits) if note)
            words = f"{port.text} [{notes}]" if notes else port.text
            described = {"name": port.name, "type": type_name(port.type)}
            if not port.required:
                described["default"] = "" if port.default is None else written(port.default)
                words = f"{'optional: ' if port.default is None else ''}{words}"
            tag_name = f"{port.direction.value}_port"
            lines.append(f"      <{tag_name}{attributes(described)}>{escape_text(legal(words))}</{tag_name}>")
        if node.PORTS:
            lines.append(f"    </{node.KIND}>")
    return [*lines, "  </TreeNodesModel>"]
