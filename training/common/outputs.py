"""Rules for output files: existing files are replaced only with --overwrite."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from perception.base.errors import ConfigError


def refuse_replacing(files: Iterable[Path], *, overwrite: bool) -> None:
    """ConfigError if one of the files to write exists and `overwrite` is false."""
    present = next((file for file in files if file.exists()), None)
    if present is not None and not overwrite:
        raise ConfigError(f"{present}: there already; --overwrite replaces it, or choose another --out")


def check_run_folder(out: Path, files: Iterable[str], work: Iterable[str], *, overwrite: bool) -> None:
    """ConfigError if a new run may not be written to a folder.

    files: names, relative to `out`, of the files of a run. work: those whose loss would lose work. overwrite: replace
    another run; files that are not of a run stay.
    """
    if overwrite:
        return
    present = next((name for name in work if (out / name).exists()), None)
    if present is not None:
        text = "--resume goes on with it, --overwrite replaces it, or choose another --out"
        raise ConfigError(f"{out}: holds a run already ({present}); {text}")
    known = {Path(name).parts[0] for name in files}
    others = [path.name for path in sorted(out.iterdir()) if path.name not in known] if out.is_dir() else []
    if others:
        text = "choose another --out, or --overwrite to write beside them"
        raise ConfigError(f"{out}: holds other files ({others[0]}); {text}")


def clear_run_folder(out: Path, files: Iterable[str]) -> None:
    """Remove the files of an earlier run. ConfigError if one cannot be removed."""
    for path in (out / name for name in files):
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be replaced: {error.strerror or error}; choose another --out") from error
