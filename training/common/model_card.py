"""Model cards: a markdown file beside each network, written from the recorded run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perception.base.digest import sha256_of
from perception.base.files import LIST_BYTES, read_bytes, write_atomic

Table = Mapping[str, Any]


@dataclass(frozen=True)
class ModelCard:
    """The content of a model card.

    title, purpose, limits, licence: text. training, data, metrics, metadata: what the run recorded. baselines: metrics
    by rule, or empty.
    """

    title: str
    purpose: str
    limits: str
    licence: str
    training: Table
    data: Table
    metrics: Table
    baselines: Mapping[str, Table]
    metadata: Table

    def text(self, weights: Path) -> str:
        """The markdown, with the size and SHA-256 of the file of weights."""
        content = read_bytes(weights, "network", LIST_BYTES)
        lines = [f"# {self.title}", "", self.purpose, ""]
        lines += [f"File `{weights.name}`, {len(content) / 1e6:.1f} MB, SHA-256 `{sha256_of([content])}`."]
        lines += ["", "## Limits", "", self.limits, "", "## Licence", "", self.licence]
        lines += ["", "## Data", "", *table_lines({"value": self.data})]
        lines += ["", "## Training", "", *table_lines({"value": self.training})]
        lines += ["", "## Validation", "", *table_lines({"network": self.metrics, **self.baselines})]
        lines += ["", "## Metadata in the file", "", *table_lines({"value": self.metadata}), ""]
        return "\n".join(lines)

    def write(self, path: Path, weights: Path) -> None:
        write_atomic(path, self.text(weights).encode())


def table_lines(columns: Mapping[str, Table]) -> list[str]:
    """Markdown: a row per key of the first column, a column per entry; empty where a column lacks the key."""
    keys = list(next(iter(columns.values())))
    head = ["| |" + "".join(f" {name} |" for name in columns), "|---|" + "---|" * len(columns)]
    return head + [
        f"| {_cell(key)} |" + "".join(f" {_cell(table.get(key))} |" for table in columns.values()) for key in keys
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
