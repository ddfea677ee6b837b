"""The tree of a run with what changes it, read from the options and checked before there is a robot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.session.options import RunOptions
from trees.library import find_tree

if TYPE_CHECKING:
    from app.session.compose import Parts
    from app.session.substitute import Substitution
    from behaviours.recording.monitor import Monitor
    from behaviours.recording.session import RunSession
    from behaviours.robot import Robot
    from behaviours.settings import Settings
    from behaviours.worker import Worker
    from trees import Document
    from trees.reading.elements import Problem


@dataclass(frozen=True)
class Task:
    """file: of the tree. substitution: of leaves, or None. settings: numbers that no port gives."""

    file: Path
    document: Document
    substitution: Substitution | None
    settings: Settings

    def know(self, options: RunOptions, parts: Parts) -> Sequence[Problem]:
        """Check the tree's names against those of the parts; warnings. TreeError for a name that they do not know."""
        from app.parts.vocabulary import vocabulary

        return self.document.know(vocabulary(parts.detector, options.detector, options.robot, parts.robot))

    def keep(self, session: RunSession) -> None:
        """Copy the files of the task into the run folder."""
        session.record.copy_tree(self.document)
        if self.substitution is not None:
            session.record.copy_substitutions(self.substitution.text)

    def start(self, session: RunSession, parts: Parts, robot: Robot, worker: Worker) -> Monitor:
        """Build the tree for a robot that is entered, see `RunSession.start`."""
        hook = None if self.substitution is None else self.substitution.hook
        networks = parts.detector, parts.heatmap_model
        return session.start(self.document, robot, *networks, worker, substitution=hook, settings=self.settings)


def read_task(options: RunOptions) -> Task:
    """What the options name. TreeError for a tree that cannot be run, ConfigError for another file."""
    import trees
    from app.base.known_leaves import known_leaves
    from app.session.substitute import substitution_for
    from behaviours.settings import Settings, read_settings

    file = find_tree(options.tree)
    files = [file, *map(find_tree, options.more)]
    document = trees.load(files, known_leaves(), options.tree_id, folders=options.folders)
    substitution = substitution_for(options, document)
    return Task(
        file, document, substitution, Settings() if options.settings is None else read_settings(options.settings)
    )
