"""The JSON schema of a scene file, made from the dataclasses that read it."""

from __future__ import annotations

import inspect
import re
from dataclasses import Field, fields
from typing import Any

from simulation.scene.low_objects import ALL_FAMILIES
from simulation.scene.spec import LIMITS, TABLES


def scene_schema() -> dict[str, Any]:
    """A JSON schema (draft 2020-12), for editors that check and complete TOML files."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "spot-grasp scene",
        "type": "object",
        "additionalProperties": False,
        "properties": {table: _table(kind) for table, kind in TABLES.items()},
    }


def _table(kind: type[Any]) -> dict[str, Any]:
    words = " ".join((inspect.getdoc(kind) or "").split())
    return {
        "type": "object",
        "description": "" if words.startswith(f"{kind.__name__}(") else words,
        "additionalProperties": False,
        "properties": {entry.name: _key(entry, words) for entry in fields(kind)},
    }


def _key(entry: Field[Any], words: str) -> dict[str, Any]:
    default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
    about = {"default": default}
    if said := re.search(rf"\b{entry.name}: ([^.]*)\.", words):
        about["description"] = said.group(1)
    if entry.name == "families":
        return {**about, "type": "array", "items": {"enum": list(ALL_FAMILIES)}}
    if isinstance(entry.default, str):
        return {**about, "type": "string"}
    low, high = LIMITS[entry.name]
    number = {"type": "integer" if isinstance(low, int) else "number", "minimum": low, "maximum": high}
    if not isinstance(entry.default, tuple):
        return {**about, **number}
    pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    return {**about, "anyOf": [number, pair]}
