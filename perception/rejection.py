"""An expected no: why a perception step has no result for this frame. Never an exception."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rejection:
    """reason: one line for people, e.g. "no depth on the bottle (0 of 3104 mask pixels)"."""

    reason: str

    def __str__(self) -> str:
        return self.reason
