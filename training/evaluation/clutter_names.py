"""The kinds of scenes of the clutter benchmark, its views and its noise, by name."""

from __future__ import annotations

from typing import Final, Literal, get_args

from perception.base.errors import ConfigError

Kind = Literal["packed", "pile"]
View = Literal["side", "random"]
Noise = Literal["dex", "spot", "none"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
NOISES: Final[tuple[Noise, ...]] = get_args(Noise)
SCALES: Final[dict[Kind, tuple[float, float]]] = {"packed": (0.7, 0.9), "pile": (0.8, 1.0)}
"""Of the objects, of each kind."""


def check_clutter_names(kind: str, view: str, noise: str) -> None:
    """ConfigError for a name that is none of these."""
    for what, name, choices in (("kind", kind, tuple(SCALES)), ("view", view, VIEWS), ("noise", noise, NOISES)):
        if name not in choices:
            raise ConfigError(f"unknown {what} {name!r}; choose from: {', '.join(choices)}")
