"""The table and the plot of an evaluation, made from its result."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from training.common.confidence import wilson


def table(result: Mapping[str, Any]) -> str:
    """Markdown, a row per method, best first."""
    methods = sorted(result["methods"].items(), key=lambda item: -item[1]["success_rate"])
    lines = [
        "| method | lifted and held | 95 % interval | in the same pictures | position | angle | failures |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, facts in methods:
        low, high = facts["interval"]
        failures = ", ".join(f"{reason} {count}" for reason, count in facts["failures"].items()) or "none"
        lines.append(
            f"| {name} | {facts['successes']}/{facts['trials']} = {100 * facts['success_rate']:.1f} % "
            f"| {100 * low:.1f} to {100 * high:.1f} % | {_paired(facts)} | {_cell(facts['position_mm'], 'mm')} "
            f"| {_cell(facts['angle_deg'], '°')} | {failures} |"
        )
    return "\n".join(lines) + "\n"


def plot(result: Mapping[str, Any]) -> bytes:
    """A PNG: success rate of each method with its interval, and per family. Needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    methods = sorted(result["methods"].items(), key=lambda item: item[1]["success_rate"])
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 0.5 * len(methods) + 2))
    names, rates = [name for name, _ in methods], [facts["success_rate"] for _, facts in methods]
    ends = [
        (rate - facts["interval"][0], facts["interval"][1] - rate)
        for rate, (_, facts) in zip(rates, methods, strict=True)
    ]
    left.barh(names, rates, xerr=[list(side) for side in zip(*ends, strict=True)], color="#4878a8", capsize=4)
    left.set_xlim(0, 1)
    left.set_xlabel("lifted and held, 95 % Wilson interval")
    families = sorted({family for _, facts in methods for family in facts["families"]})
    shares = [[_share(facts["families"].get(family, (0, 0))) for family in families] for _, facts in methods]
    image = right.imshow(shares, vmin=0, vmax=1, cmap="RdYlGn", aspect="auto", origin="lower")
    right.set_xticks(range(len(families)), families, rotation=30)
    right.set_yticks(range(len(names)), names)
    figure.colorbar(image, ax=right)
    figure.tight_layout()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    pyplot.close(figure)
    return content.getvalue()


def families_table(result: Mapping[str, Any]) -> str:
    """Markdown, a row per family or group of objects: successes and trials of each method, and the 95 % interval."""
    methods = result["methods"]
    lines = ["| objects | " + " | ".join(methods) + " |", "|---" * (1 + len(methods)) + "|"]
    for family in sorted({family for facts in methods.values() for family in facts["families"]}):
        cells = []
        for facts in methods.values():
            good, trials = facts["families"].get(family, (0, 0))
            low, high = wilson(good, trials)
            cells.append(f"{good}/{trials}, {100 * low:.0f} to {100 * high:.0f} %" if trials else "")
        lines.append(f"| {family} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _share(counts: Sequence[int]) -> float:
    return counts[0] / counts[1] if counts[1] else float("nan")


def _paired(facts: Mapping[str, Any]) -> str:
    """How often only the first method succeeded, how often only this one, and McNemar's p."""
    paired = facts.get("paired")
    return f"{paired['with']} +{paired['only_it']} -{paired['only_this']}, p {paired['p']:.2g}" if paired else ""


def _cell(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.1f} {unit}"
