"""The tree language: read, check, build and describe BehaviorTree.CPP v4 files on py_trees.

document = trees.load(file, leaves, main=None)    TreeError, with every problem, if it cannot be run
problems = trees.problems(file, leaves)           all that is wrong with it: file:line:column: message
tree = trees.build(document, context, clock)      tree.tick(), tree.halt(), tree.nodes(), tree.failure()
                                                  tree.tick_exactly_once(), tree.tick_once(), tree.statuses()
document = trees.load(files, stub_unknown=True)   a file of another project: document.nodes(), tick_exactly_once()
text = trees.format_text(text)                    the one canonical way to write it
"""

from trees.building import Place, Substitute
from trees.checking.stubs import StubCall, StubScript
from trees.describe import facts, palette_xml, table
from trees.document import Document
from trees.load import LoadedDocument, load, problems
from trees.nodes import CONTROL_NODES
from trees.plugins import PluginLeaves
from trees.reading.elements import Problem, TreeProblems
from trees.reading.format import format_text
from trees.tree import NodeView, Tree, build

__all__ = [
    "CONTROL_NODES",
    "Document",
    "LoadedDocument",
    "NodeView",
    "Place",
    "PluginLeaves",
    "Problem",
    "StubCall",
    "StubScript",
    "Substitute",
    "Tree",
    "TreeProblems",
    "build",
    "facts",
    "format_text",
    "load",
    "palette_xml",
    "problems",
    "table",
]
