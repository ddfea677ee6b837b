"""The robot protocol and the leaves of a behaviour tree that are written against it.

recording = behaviours.run("grasp_bottle", robot)   run a tree, recorded; recording.result, .statuses, .frames
recording = behaviours.read_recording(folder)       the same of a run folder
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from behaviours.recording.recording import Recording as Recording, read_recording as read_recording
    from behaviours.recording.result import Result as Result
    from behaviours.runner import run as run
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "behaviours.recording.recording": ("Recording", "read_recording"),
        "behaviours.recording.result": ("Result",),
        "behaviours.runner": ("run",),
    })  # fmt: skip
