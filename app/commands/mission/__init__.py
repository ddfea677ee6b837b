"""`spot-grasp mission`: a tree for missions of the robot. The work is in `app/mission`."""

from app.base.command import Group

COMMAND = Group(
    "ACTION",
    {
        "serve": ("app.commands.mission.serve", "offer a tree to missions of the robot"),
        "export": ("app.commands.mission.export", "write a tree as nodes of a mission"),
    },
)
