"""`spot-grasp evaluate packed`: objects stand close together, and are taken away one by one."""

from app.commands.evaluate.clutter import clutter_command

COMMAND = clutter_command("packed")
