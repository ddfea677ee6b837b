"""What a command may write over: nothing that is there already, unless that was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from perception.base.errors import ConfigError


def refuse_replacing(files: Iterable[Path], *, overwrite: bool) -> None:
    """ConfigError if one of the files that a command is about to write is there and `overwrite` was not asked for."""
    there = next((file for file in files if file.exists()), None)
    if there is not None and not overwrite:
        raise ConfigError(f"{there}: there already; --overwrite replaces it, or choose another --out")


def check_run_folder(out: Path, files: Iterable[str], work: Iterable[str], *, overwrite: bool) -> None:
    """ConfigError if a new run may not be written to a folder.

    files: names, relative to `out`, of what a run leaves there. work: those of them that hold work which would be lost.
    overwrite: replace another run; what is not of a run stays.
    """
    if overwrite:
        return
    there = next((name for name in work if (out / name).exists()), None)
    if there is not None:
        text = "--resume goes on with it, --overwrite replaces it, or choose another --out"
        raise ConfigError(f"{out}: holds a run already ({there}); {text}")
    known = {Path(name).parts[0] for name in files}
    others = [path.name for path in sorted(out.iterdir()) if path.name not in known] if out.is_dir() else []
    if others:
        text = "choose another --out, or --overwrite to write beside them"
        raise ConfigError(f"{out}: holds other things ({others[0]}); {text}")


def clear_run_folder(out: Path, files: Iterable[str]) -> None:
    """Remove what an earlier run left, so that nothing of it is taken for the new run's. ConfigError."""
    for path in (out / name for name in files):
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be replaced: {error.strerror or error}; choose another --out") from error
