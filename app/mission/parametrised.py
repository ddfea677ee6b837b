"""A tree with parameters. A generated tree calls it as a SubTree and passes the values as constants.

So the tree language checks and converts the values, and the run folder shows them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from app.mission.parameters import Parameter, outputs_of, parameters_of
from perception.base.files import write_atomic
from trees.data.ports import NOTHING_KNOWN, Vocabulary

if TYPE_CHECKING:
    from trees import Document

CALLER: Final = "Mission"
CALLER_FILE: Final = "mission.xml"


@dataclass(frozen=True)
class ParametrisedTree:
    """file: of the tree. main: its ID. parameters: its input ports. outputs: its output ports, which are not read.
    known: the names that its ports accept. folders: where included files may lie, see `trees.load`."""

    file: Path
    main: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...] = ()
    known: Vocabulary = field(default_factory=dict)
    folders: tuple[str, ...] = ()

    def document(self, values: Mapping[str, str], folder: Path) -> Document:
        """The checked document of a call with these values. folder: for the file of the generated tree. TreeError if
        the tree cannot be run."""
        import trees
        from behaviours.registry import LEAVES

        if not self.parameters and not self.outputs:
            return trees.load(self.file, LEAVES, self.main, folders=self.folders, known=self.known)
        ports = {**{name: values[name] for name in values}, **{name: f"{{{name}}}" for name in self.outputs}}
        wired = " ".join(f"{name}={quoteattr(text)}" for name, text in ports.items())
        caller = folder / CALLER_FILE
        text = (
            f'<root BTCPP_format="4">\n  <BehaviorTree ID="{CALLER}">\n'
            f"    <SubTree ID={quoteattr(self.main)} {wired}/>\n  </BehaviorTree>\n</root>\n"
        )
        write_atomic(caller, text.encode(), sync=False)
        return trees.load([self.file, caller], LEAVES, CALLER, folders=self.folders, known=self.known)

    def check(self) -> None:
        """Check the tree with accepted values, before a mission calls it. TreeError if it cannot be run."""
        values = {parameter.name: parameter.stand_in(self.known) for parameter in self.parameters}
        with tempfile.TemporaryDirectory(prefix="spot-grasp-") as folder:
            self.document(values, Path(folder))


def read(
    file: Path, tree_id: str | None = None, known: Vocabulary = NOTHING_KNOWN, folders: Sequence[str] = ()
) -> ParametrisedTree:
    """The tree of a file with its parameters. known, folders: as in `ParametrisedTree`.

    TreeError if it cannot be run, ConfigError for a wrong default.
    """
    import trees
    from behaviours.registry import LEAVES

    document = trees.load(file, LEAVES, tree_id, folders=folders, stub_unknown=True)  # `check` tells what it lacks
    parameters, outputs = tuple(parameters_of(document)), tuple(outputs_of(document))
    tree = ParametrisedTree(file, document.main, parameters, outputs, known, tuple(folders))
    tree.check()
    return tree
