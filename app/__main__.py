"""`python -m app` is `spot-grasp`."""

from spot_grasp import console

console()
