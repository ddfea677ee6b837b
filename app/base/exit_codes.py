"""The exit codes of every command, and which error ends with which."""

from __future__ import annotations

from typing import Final

SUCCESS: Final = 0
"""The tree succeeded, or what was looked at is in order."""
FAILURE: Final = 1
"""The tree failed, or what was looked at is not in order."""
UNUSABLE: Final = 2
"""Bad usage, tree or configuration: what was asked for cannot be used."""
BROKEN: Final = 3
"""A broken contract, a lost robot, or a bug."""
INTERRUPTED: Final = 130
"""A signal, whichever it was."""

TABLE: Final = """\
exit codes:
  0 the tree succeeded      1 the tree failed      2 bad usage, tree or configuration
  3 broken contract or robot lost                  130 interrupted by a signal
"""


RUNS: Final = {"success": SUCCESS, "failure": FAILURE, "interrupted": INTERRUPTED}


def run_code(status: str, error: BaseException | None) -> int:
    """The exit code of a run. status: of its result. error: what ended it, if that was an error."""
    return RUNS[status] if status in RUNS else BROKEN if error is None else exit_code(error)


def exit_code(error: BaseException) -> int:
    """The exit code of a command that this error ended."""
    from perception.base.errors import ConfigError

    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return UNUSABLE if isinstance(error, ConfigError) else BROKEN
