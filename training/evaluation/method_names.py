"""Names of the methods that choose a grasp; `training.evaluation.methods` makes them."""

from __future__ import annotations

from collections.abc import Sequence

from perception.base.errors import ConfigError

RULES = ("antipodal", "height", "centroid", "random")
CHECKED = "+checks"
"""Suffix of a rule: with the checks and further candidates that the heatmap has."""
METHODS = ("heatmap", *RULES, "paper", "oracle")


def check_names(names: Sequence[str]) -> None:
    """ConfigError for an unknown name or an empty list."""
    known = {*METHODS, *(rule + CHECKED for rule in RULES)}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        choices = f"{', '.join(METHODS)}; {', '.join(RULES)} also with {CHECKED}"
        raise ConfigError(f"unknown method {', '.join(unknown) or '(none)'}; choose from: {choices}")
