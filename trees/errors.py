"""The tree language raises the project's own errors."""

from perception.base.errors import ConfigError, ContractError, LeafError, LimitError, SpotGraspError, TreeError

__all__ = ["ConfigError", "ContractError", "LeafError", "LimitError", "SpotGraspError", "TreeError", "raised_by"]


def raised_by(path: str, tag: str, error: BaseException) -> BaseException:
    """What is raised for something that a leaf raised: itself if it is of this project or an interruption by the user,
    else a LeafError, so that neither `sys.exit(0)` nor a GeneratorExit passes for an end of the program."""
    if isinstance(error, SpotGraspError | KeyboardInterrupt):
        return error
    words = " ".join("".join(each if each.isprintable() else " " for each in str(error)).split())
    told = LeafError(f"{path}: <{tag}> raised {type(error).__name__}{': ' if words else ''}{words}")
    for note in getattr(error, "__notes__", ()):
        told.add_note(note)
    return told
