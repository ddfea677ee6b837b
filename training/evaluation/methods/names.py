"""The names of the methods, and what each needs; `training.evaluation.methods.make` makes them."""

from __future__ import annotations

from collections.abc import Sequence

from perception.base.errors import ConfigError

RULES = ("height", "centroid", "random")
CHECKED = "+checks"
"""Suffix of a rule: with the checks and further candidates that the heatmap has."""
ON_MASKS = ("ours", "heatmap", *RULES, "geometric", "paper", "oracle")
ON_CLOUD = ("top", "antipodal", "graspnet")
METHODS = (*ON_MASKS[:6], *ON_CLOUD, *ON_MASKS[6:])


def check_names(names: Sequence[str]) -> None:
    """ConfigError for an unknown name or an empty list."""
    known = {*METHODS, *(rule + CHECKED for rule in RULES)}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        choices = f"{', '.join(METHODS)}; {', '.join(RULES)} also with {CHECKED}"
        raise ConfigError(f"unknown method {', '.join(unknown) or '(none)'}; choose from: {choices}")


def needs_network(names: Sequence[str]) -> bool:
    """Whether one of the methods uses the heatmap network."""
    return not {"ours", "heatmap"}.isdisjoint(names)


def needs_masks(name: str) -> bool:
    """Whether a method is given the objects' masks."""
    return name.removesuffix(CHECKED) in ON_MASKS
