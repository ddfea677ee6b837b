"""A tree with all that publishes it to Groot2, for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trees
from app.groot.publisher import Publisher
from app.groot.source import Source
from behaviours.recording.statuses import StatusBoard
from tests.support.free_ports import free_port
from tests.support.trees_leaves import Act, Out, Read
from trees.groot_xml import tree_xml

LEAVES = {"Act": Act, "Out": Out, "Read": Read}


XML = """<root BTCPP_format="4" main_tree_to_execute="Main">
<BehaviorTree ID="Main"><Sequence>
  <Out name="first" value="a &amp; &quot;b&quot;" out="{k}"/>
  <SubTree ID="Sub" in="{k}" constant="7"/>
  <SubTree ID="Sub" name="again" in="{k}" constant="8"/>
  <Act name="&lt;last&gt;" seq="RRS"/>
</Sequence></BehaviorTree>
<BehaviorTree ID="Sub"><ForceSuccess><Fallback><Read in="{in}"/>
<SubTree ID="Deep" _autoremap="1"/></Fallback></ForceSuccess></BehaviorTree>
<BehaviorTree ID="Deep"><Act name="deep" seq="F"/></BehaviorTree>
</root>"""


def build(folder: Path, xml: str = XML, leaves: Any = None) -> tuple[trees.Document, trees.Tree]:
    path = folder / "tree.xml"
    path.write_text(xml)
    document = trees.load(path, leaves or LEAVES)
    return document, trees.build(document, [], lambda: 0.0)


class Watched:
    """A tree with all that publishes it, without a robot."""

    def __init__(self, folder: Path, xml: str = XML, port: int | None = None) -> None:
        self.document, self.tree = build(folder, xml)
        self.board = StatusBoard(self.tree.nodes())
        text = tree_xml(self.document.main, self.tree.nodes(), LEAVES)
        self.source = Source(self.tree, self.document.main, text, self.board)
        self.tree.on_transition(self._changed)
        self.port = port or free_port()
        self.publisher = Publisher(self.port)
        self.publisher.serve(self.source)

    def _changed(self, uid: int, path: str, old: str, new: str, feedback: str) -> None:
        self.source.changed(0.0, self.board.transition(uid, new))
