"""The tree language: read, check, build and describe BehaviorTree.CPP v4 files on py_trees.

document = trees.load(file, leaves, main=None)    TreeError, with every problem, if it cannot be run
problems = trees.problems(file, leaves)           everything wrong with it: file:line:column: message
tree = trees.build(document, context, clock)      tree.tick(), tree.halt(), tree.nodes(), tree.failure()
                                                  tree.tick_exactly_once(), tree.tick_once(), tree.statuses()
document = trees.load(files, stub_unknown=True)   a file of another project: document.nodes(), tick_exactly_once()
text = trees.format_text(text)                    the file in its canonical form
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trees.assembly.building import Place as Place, Substitute as Substitute
    from trees.checking.stubs import StubCall as StubCall, StubScript as StubScript
    from trees.data.blackboard import Blackboard as Blackboard
    from trees.data.ports import (
        Bounds as Bounds,
        Direction as Direction,
        Names as Names,
        Port as Port,
        Vocabulary as Vocabulary,
        input_port as input_port,
        output_port as output_port,
    )
    from trees.describe import facts as facts, palette_xml as palette_xml, table as table
    from trees.assembly.document import Document as Document
    from trees.engine.intercept import Interceptor as Interceptor
    from trees.engine.leaf import Leaf as Leaf, PortAccess as PortAccess
    from trees.engine.runtime import Listener as Listener
    from trees.engine.status import SKIPPED as SKIPPED, TickStatus as TickStatus
    from trees.errors import (
        ConfigError as ConfigError,
        ContractError as ContractError,
        LeafError as LeafError,
        LimitError as LimitError,
        SpotGraspError as SpotGraspError,
        TreeError as TreeError,
    )
    from trees.library import find_tree as find_tree
    from trees.assembly.loading import LoadedDocument as LoadedDocument, load as load, problems as problems
    from trees.nodes import CONTROL_NODES as CONTROL_NODES
    from trees.plugins import PluginLeaves as PluginLeaves
    from trees.reading.elements import Problem as Problem, TreeProblems as TreeProblems
    from trees.reading.format import format_text as format_text
    from trees.assembly.tree import NodeView as NodeView, Tree as Tree, build as build
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "trees.assembly.building": ("Place", "Substitute"),
        "trees.checking.stubs": ("StubCall", "StubScript"),
        "trees.data.blackboard": ("Blackboard",),
        "trees.data.ports": ("Bounds", "Direction", "Names", "Port", "Vocabulary", "input_port", "output_port"),
        "trees.describe": ("facts", "palette_xml", "table"),
        "trees.assembly.document": ("Document",),
        "trees.engine.intercept": ("Interceptor",),
        "trees.engine.leaf": ("Leaf", "PortAccess"),
        "trees.engine.runtime": ("Listener",),
        "trees.engine.status": ("SKIPPED", "TickStatus"),
        "trees.errors": ("ConfigError", "ContractError", "LeafError", "LimitError", "SpotGraspError", "TreeError"),
        "trees.library": ("find_tree",),
        "trees.assembly.loading": ("LoadedDocument", "load", "problems"),
        "trees.nodes": ("CONTROL_NODES",),
        "trees.plugins": ("PluginLeaves",),
        "trees.reading.elements": ("Problem", "TreeProblems"),
        "trees.reading.format": ("format_text",),
        "trees.assembly.tree": ("NodeView", "Tree", "build"),
    })  # fmt: skip
