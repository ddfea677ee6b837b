"""The one place that computes SHA-256 digests, as lower-case hexadecimal text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from perception.base.errors import ConfigError
from perception.base.files import open_file, shown


def sha256_of(parts: Iterable[bytes]) -> str:
    """Digest of the parts, one after the other; they need not be in memory together."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def sha256_of_file(path: Path, what: str, most: int) -> str:
    """Digest of a regular file of at most `most` bytes. what: its part in the program, for messages. ConfigError if it
    cannot be read."""
    with open_file(path, what, most) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ConfigError(f"{shown(path)}: cannot read the {what}: {error.strerror}") from error
