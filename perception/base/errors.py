"""The one exception tree of the project.

An expected outcome (nothing detected, grasp missed, goal out of reach) is never an exception: it is a FAILURE
with a reason. What is raised here ends the run. `exit_code` is what the command line returns for it.
"""

from __future__ import annotations

from typing import ClassVar


class SpotGraspError(Exception):
    """Root of every error that this project raises on purpose; the message is one clear line for a person."""

    exit_code: ClassVar[int] = 3


class ConfigError(SpotGraspError):
    """What the user asked for cannot be used: a scene, an object, a mesh, an option, a file."""

    exit_code = 2


class WriteError(ConfigError):
    """An output that cannot be written. strerror: the reason alone."""

    def __init__(self, place: str, strerror: str) -> None:
        super().__init__(f"cannot write {place}: {strerror}")
        self.place, self.strerror = place, strerror

    def __reduce__(self) -> tuple[type[WriteError], tuple[str, str]]:
        return type(self), (self.place, self.strerror)  # it may come from another process


class TreeError(ConfigError):
    """A tree file that cannot be run. The message starts with `file:line:column:` where the place is known."""


class ModelError(ConfigError):
    """A network file that is missing, corrupt, or does not fit what the program feeds it."""


class LimitError(ConfigError):
    """A number or a name that a port or the robot does not take, found before anything moves for it; the message names
    the place, the value and what is taken."""


class ContractError(SpotGraspError):
    """Two parts of the program disagree: a wired port without data, an array of the wrong shape."""


class LeafError(SpotGraspError):
    """A leaf raised something that is no error of this project; the message names the node and what it raised."""


class RobotError(SpotGraspError):
    """The robot cannot be used any more: connection, lease or physics lost."""
