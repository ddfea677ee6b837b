"""`python -m app` is `spot-grasp`."""

from app.cli import console

console()
