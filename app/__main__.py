"""`python -m app` is `spot-grasp`."""

from app.entry import console

console()
