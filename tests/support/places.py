"""Where things stand that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
"""Data of other people, beside the checkout; tests that need some of it are skipped where it is missing."""
GOLDEN = ROOT / "tests" / "trees" / "golden"
