"""`spot-grasp train`: the arguments; the work is in `training`."""

from app.base.command import Group

COMMAND = Group(
    "NETWORK",
    {
        "heatmap": ("app.commands.train.heatmap", "the grasp heatmap"),
        "judge": ("app.commands.train.judge", "the judge of single grasps"),
        "detector": ("app.commands.train.detector", "the detector"),
    },
)
