"""`python -m app` is `spot-grasp`."""

from spot_grasp_main import console

console()
