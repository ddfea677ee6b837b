"""`spot-grasp train`: the arguments; the work is in `training`."""

from app.base.command import Group

COMMAND = Group(
    "NETWORK",
    {
        "heatmap": ("app.commands.train.heatmap", "the grasp heatmap"),
        "detector": ("app.commands.train.detector", "the detector"),
    },
)
