"""`spot-grasp evaluate pile`: objects lie as they fell, and are taken away one by one."""

from app.commands.evaluate.clutter import clutter_command

COMMAND = clutter_command("pile")
