"""The errors of robots, networks and outputs, beside those that all packages have in common (`trees.errors`)."""

from __future__ import annotations

from trees.errors import ConfigError, ContractError, LimitError, SpotGraspError

__all__ = [
    "ConfigError",
    "ContractError",
    "LimitError",
    "ModelError",
    "RobotError",
    "SpotGraspError",
    "WriteError",
]


class WriteError(ConfigError):
    """An output that cannot be written. strerror: the reason alone."""

    def __init__(self, place: str, strerror: str) -> None:
        super().__init__(f"cannot write {place}: {strerror}")
        self.place, self.strerror = place, strerror

    def __reduce__(self) -> tuple[type[WriteError], tuple[str, str]]:
        return type(self), (self.place, self.strerror)  # it may come from another process


class ModelError(ConfigError):
    """A network file that is missing, corrupt, or does not fit what the program feeds it."""


class RobotError(SpotGraspError):
    """The robot cannot be used any more: connection, lease or physics lost."""
