"""What is written for Groot2: the tree as XML, MessagePack, and the .btlog file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trees
from app.groot import msgpack as packer
from behaviours.recording.btlog import BtLog, transition
from behaviours.recording.plain_values import brief, plain
from behaviours.recording.writing import RecordError
from tests.app.groot.watched import build
from tests.support.groot_client import read_btlog, records
from trees.assembly.tree import subtrees
from trees.groot_xml import tree_xml


def test_full_paths_are_behaviortree_cpps(tmp_path: Path) -> None:
    document, tree = build(tmp_path)
    paths = [node.full_path for node in tree.nodes()]
    assert paths == [row[-1] for row in document.nodes()]
    assert paths[:8] == [
        "Sequence::1", "first", "Sub::3", "Sub::3/ForceSuccess::4", "Sub::3/Fallback::5", "Sub::3/Read::6",
        "Sub::3/Deep::7", "Sub::3/Deep::7/deep",
    ]  # fmt: skip
    assert paths[-1] == "<last>"
    assert next(subtree.board for subtree in subtrees(document.main, tree.nodes())) == "Main"


def test_hostile_names_stay_xml(tmp_path: Path) -> None:
    nodes = [
        trees.NodeView(1, "p", "a\x00\x1b<>&\"'\ud800", "My Node", "Control", 0, "IDLE", "", {"port": "]]>\n"}, {}),
        trees.NodeView(2, "p", "", "1", "Action", 1, "IDLE", "", {}, {"_skipIf": "a < b && c"}),
    ]
    root = ElementTree.fromstring(tree_xml("M&M", nodes, {}))
    node = root.find("BehaviorTree/My_Node")
    assert node is not None
    assert node.get("port") == "]]>\n"
    child = node.find("_1")
    assert child is not None
    assert child.get("_skipIf") == "a < b && c"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=30,
)


@given(JSON)
def test_messagepack_is_read_back_by_another_implementation(value: Any) -> None:
    if "\ud800" <= max(repr(value)) <= "\udfff":
        return
    assert msgpack.unpackb(packer.pack(value), strict_map_key=False) == value


@pytest.mark.parametrize("size", [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_messagepack_at_the_borders_of_its_forms(size: int) -> None:
    for value in ("x" * size, list(range(size)), {str(i): i for i in range(size)}):
        assert msgpack.unpackb(packer.pack(value)) == value
    with pytest.raises(TypeError, match="bytes"):
        packer.pack(b"")


def test_values_are_told_whole_if_small_and_in_brief_if_large() -> None:
    assert plain(np.zeros((480, 640, 3), np.uint8)) == "480x640x3 uint8"
    assert plain(np.array([1.0, 2.5])) == [1.0, 2.5]
    assert plain(float("nan")) == "nan"
    assert plain(2**70) == str(2**70)
    assert plain({"a": object()}) == {"a": "object"}
    assert len(plain("x" * 10_000)) == 1000  # type: ignore[arg-type]
    loop: list[Any] = []
    loop.append(loop)
    assert plain(loop) == [[[["list"]]]]
    assert brief({"a": [1.23456, "x\ny"]}) == "{a: [1.235, x y]}"
    assert len(brief("y" * 500)) == 80


@given(st.integers(0, 2**48 - 1), st.integers(0, 65_535), st.integers(0, 3))
def test_a_transition_is_nine_bytes(time_us: int, uid: int, code: int) -> None:
    data = transition(time_us, uid, code)
    assert len(data) == 9
    assert records(data) == [(time_us, uid, code)]


def test_times_outside_48_bits_are_held_at_the_border() -> None:
    assert records(transition(-5, 1, 1)) == [(0, 1, 1)]
    assert records(transition(2**60, 1, 1)) == [(2**48 - 1, 1, 1)]


def test_a_log_is_read_back_also_when_its_writer_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "tree.btlog"
    log = BtLog(path, "<root>ü</root>", 1_700_000_000_000_000)
    log.append(0.0, [(1, 1), (2, 1)])
    log.append(1.5, [])
    log.append(2.25, [(2, 2), (2, 0)])
    assert read_btlog(path) == (  # before it is closed
        "<root>ü</root>", 1_700_000_000_000_000, [(0, 1, 1), (0, 2, 1), (2_250_000, 2, 2), (2_250_000, 2, 0)]
    )  # fmt: skip
    log.close()
    log.append(3.0, [(1, 0)])
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    assert len(read_btlog(path)[2]) == 3


def test_a_log_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no_such_folder"):
        BtLog(tmp_path / "no_such_folder" / "tree.btlog", "", 0)
    full = Path("/dev/full")
    if full.exists():
        link = tmp_path / "tree.btlog"
        log = BtLog(link, "", 0)
        log._file = open(full, "wb", buffering=0)  # noqa: SIM115
        with pytest.raises(RecordError, match=r"tree.btlog: No space"):
            log.append(0.0, [(1, 1)])
