"""`spot-grasp evaluate`: how good the network is, and how good the grasps are."""

from app.base.command import Group

COMMAND = Group(
    "WHAT",
    {
        "heatmap": ("app.commands.evaluate.heatmap", "ranking, top pixel and calibration on held-out objects"),
        "grasp": ("app.commands.evaluate.grasp", "whole trials, from a noisy picture to the lifted object"),
        "packed": ("app.commands.evaluate.packed", "objects stand close together, and are taken away one by one"),
        "pile": ("app.commands.evaluate.pile", "objects lie as they fell, and are taken away one by one"),
    },
)
