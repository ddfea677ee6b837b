"""The tree language: read, check, build and describe BehaviorTree.CPP v4 files on py_trees.

document = trees.load(file, leaves, main=None)    TreeError, with every problem, if it cannot be run
problems = trees.problems(file, leaves)           all that is wrong with it: file:line:column: message
tree = trees.build(document, context, clock)      tree.tick(), tree.halt(), tree.nodes(), tree.failure()
"""

from trees.describe import palette_xml, table
from trees.document import Problem, TreeProblems
from trees.load import Document, load, problems
from trees.nodes import CONTROL_NODES
from trees.tree import NodeView, Place, Substitute, Tree, build

__all__ = [
    "CONTROL_NODES",
    "Document",
    "NodeView",
    "Place",
    "Problem",
    "Substitute",
    "Tree",
    "TreeProblems",
    "build",
    "load",
    "palette_xml",
    "problems",
    "table",
]
