"""The errors that the packages have in common, and what becomes of an error that a leaf raises.

An expected outcome (nothing detected, grasp missed, goal out of reach) is never an exception: it is a FAILURE with a
reason. An error ends the run. `perception.base.errors` adds the errors of robots, networks and outputs.
"""

from __future__ import annotations

from typing import NoReturn


class SpotGraspError(Exception):
    """Root of every error that this project raises on purpose; the message is one clear line for a person."""


class ConfigError(SpotGraspError):
    """What the user asked for cannot be used: a scene, an object, a mesh, an option, a file."""


class TreeError(ConfigError):
    """A tree file that cannot be run. The message starts with `file:line:column:` where the place is known."""


class LimitError(ConfigError):
    """A number or a name outside what a port or the robot accepts, found before anything moves. The message names the
    place, the value and the accepted values."""


class ContractError(SpotGraspError):
    """Two parts of the program disagree: a wired port without data, an array of the wrong shape."""


class LeafError(SpotGraspError):
    """A leaf raised an error that is not a SpotGraspError; the message names the node and the error."""


def raise_for_leaf(path: str, tag: str, error: BaseException) -> NoReturn:
    """Raise the error of a leaf again, while it is handled.

    path, tag: of the leaf's node. A SpotGraspError and KeyboardInterrupt stay as they are. All others become a
    LeafError, so that neither `sys.exit(0)` nor a GeneratorExit in a leaf ends the program.
    """
    if isinstance(error, SpotGraspError | KeyboardInterrupt):
        raise error
    words = " ".join("".join(each if each.isprintable() else " " for each in str(error)).split())
    leaf_error = LeafError(f"{path}: <{tag}> raised {type(error).__name__}{': ' if words else ''}{words}")
    for note in getattr(error, "__notes__", ()):
        leaf_error.add_note(note)
    raise leaf_error from error
