"""`spot-grasp dataset`: make a data set of grasps, look at it, check it."""

from app.base.command import Group

COMMAND = Group(
    "ACTION",
    {
        "generate": ("app.commands.dataset.generate", "make a data set, or go on with one"),
        "ways": ("app.commands.dataset.ways", "label objects with the whole family of grasps, by physics"),
        "picks": ("app.commands.dataset.picks", "grasps as a run would propose them, tried in physics"),
        "rehearse": (
            "app.commands.dataset.rehearse",
            "training arrays of grasps that are tried in physics",
        ),
        "join": ("app.commands.dataset.join", "the training arrays of several folders in one"),
        "info": ("app.commands.dataset.info", "what a data set holds"),
        "verify": ("app.commands.dataset.verify", "check every file of a data set"),
        "show": ("app.commands.dataset.show", "a sheet of pictures with labels, green good and red bad"),
    },
)
