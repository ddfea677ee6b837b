"""Session ids that cannot be guessed. They carry a signature, so that issued ids take no memory."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

MAX_ENDED: Final = 1024
"""Revoked ids that are remembered; the oldest is forgotten first."""
HALF: Final = 32


class SessionIds:
    """Issues ids and recognises them by their HMAC, so that no caller can fill a table or push others out."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._ended: dict[str, None] = {}

    def issue(self) -> str:
        """A new id."""
        nonce = secrets.token_hex(HALF // 2)
        return nonce + self._seal(nonce)

    def _seal(self, nonce: str) -> str:
        return hmac.new(self._key, nonce.encode(), hashlib.sha256).hexdigest()[:HALF]

    def valid(self, session: str) -> bool:
        """Whether this id was issued here and is not revoked."""
        nonce, seal = session[:HALF], session[HALF:]
        return hmac.compare_digest(self._seal(nonce).encode(), seal.encode()) and session not in self._ended

    def revoke(self, session: str) -> None:
        """Make the id invalid."""
        self._ended[session] = None
        if len(self._ended) > MAX_ENDED:
            del self._ended[next(iter(self._ended))]
