"""Session ids that only their establisher knows: no session takes memory before it has shown a good lease."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

MAX_ENDED: Final = 1024
"""Ids of sessions that have been torn down, the oldest is forgotten first."""
HALF: Final = 32


class SessionIds:
    """Issues ids and knows its own again by their seal, so that nobody can fill a table of them or push others out."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._ended: dict[str, None] = {}

    def issue(self) -> str:
        """A new id, not to be guessed."""
        nonce = secrets.token_hex(HALF // 2)
        return nonce + self._seal(nonce)

    def _seal(self, nonce: str) -> str:
        return hmac.new(self._key, nonce.encode(), hashlib.sha256).hexdigest()[:HALF]

    def valid(self, session: str) -> bool:
        """Whether this id was issued here and has not ended."""
        nonce, seal = session[:HALF], session[HALF:]
        return hmac.compare_digest(self._seal(nonce).encode(), seal.encode()) and session not in self._ended

    def revoke(self, session: str) -> None:
        """The id is good no longer."""
        self._ended[session] = None
        if len(self._ended) > MAX_ENDED:
            del self._ended[next(iter(self._ended))]
