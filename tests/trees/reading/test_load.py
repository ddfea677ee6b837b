"""The reader: what real files have in them, where files are looked for, and what expat would have said."""

from __future__ import annotations

import os
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from tests.support.trees_leaves import LEAVES
from tests.trees.reading.test_format import elements
from trees.errors import TreeError
from trees.reading.elements import Source, TreeProblems
from trees.reading.markup import decode, parse

DONE = '<BehaviorTree ID="{}"><AlwaysSuccess/></BehaviorTree>'


def put(file: Path, body: str, root: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'<root BTCPP_format="4" {root}>{body}</root>', encoding="utf-8")
    return file


def uses(*names: str) -> str:
    inside = "".join(f'<SubTree ID="{name}"/>' for name in names)
    return f'<BehaviorTree ID="Main"><Sequence>{inside}</Sequence></BehaviorTree>'


def include(path: str) -> str:
    return f'<include path="{path}"/>'


def messages(*given: Path, **options: object) -> list[str]:
    found = trees.problems(list(given), LEAVES, **options)  # type: ignore[arg-type]
    return [str(problem) for problem in found if not problem.warning]


def test_includes_are_relative_to_the_file_that_includes(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "deep.xml", DONE.format("Deep"))
    put(tmp_path / "a" / "sub.xml", include("b/deep.xml") + DONE.format("Sub"))
    main = put(tmp_path / "main.xml", include("a/sub.xml") + uses("Sub", "Deep"), 'main_tree_to_execute="Main"')
    document = trees.load(main, LEAVES)
    assert list(document.trees) == ["Main", "Sub", "Deep"]
    assert len(document.files) == 3
    assert trees.build(document, [], lambda: 0.0).tick() == Status.SUCCESS


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    put(tmp_path / "other.xml", include("main.xml") + include("./other.xml") + DONE.format("Other"))
    main = put(tmp_path / "main.xml", include("other.xml") + include("other.xml") + uses("Other"))
    assert list(trees.load(main, LEAVES).trees) == ["Main", "Other"]


def test_nothing_outside_the_folders_is_read(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret.xml", DONE.format("Secret"))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.xml").symlink_to(secret)
    os.mkfifo(inside / "pipe.xml")
    wrong = ["../secret.xml", str(secret), "a/../../secret.xml", "link.xml", "/etc/passwd", "/dev/zero", "../nowhere"]
    body = "\n".join(map(include, [*wrong, "pipe.xml", "nowhere.xml", "&#0;", "x" * 5000, ".", ""]))
    main = put(inside / "main.xml", body + uses("Secret"))
    found = messages(main)
    outside = [line for line in found if "is outside the folders that may be read" in line]
    assert [line.split(":")[1] for line in outside] == [str(line + 1) for line in range(len(wrong))]
    assert len([line for line in found if "<include> names" in line]) == len(wrong) + 6
    assert any("names tree 'Secret', which is not in the files" in line for line in found)
    assert messages(put(inside / "two.xml", include("../secret.xml") + uses("Secret")), folders=[tmp_path]) == []


def test_a_ros_package_is_not_looked_for(tmp_path: Path) -> None:
    main = put(tmp_path / "main.xml", '<include ros_pkg="nav" path="a.xml"/>' + DONE.format("Main"))
    assert messages(main) == [
        f"{main}:1:34: <include> names the ROS package 'nav', and packages are not searched here; "
        "give the file itself too, or its path without ros_pkg"
    ]


def test_problems_of_all_files_are_told_each_in_its_file(tmp_path: Path) -> None:
    put(tmp_path / "broken.xml", "\n<a")
    put(tmp_path / "wrong.xml", "\n\n<BehaviorTree ID='W'><Akt/></BehaviorTree>")
    main = put(tmp_path / "main.xml", include("broken.xml") + include("wrong.xml") + "\n" + uses("W", "X"))
    places = [line.removeprefix(f"{tmp_path}/").split(": ")[0] for line in messages(main)]
    assert places == ["broken.xml:2:3", "main.xml:2:61", "wrong.xml:3:22"]


def test_several_files_are_one(tmp_path: Path) -> None:
    first = put(tmp_path / "1" / "first.xml", uses("Sub"), 'main_tree_to_execute="Main"')
    second = put(tmp_path / "2" / "second.xml", DONE.format("Sub"), 'main_tree_to_execute="Sub"')
    assert trees.load([first, second], LEAVES).main == "Main"
    assert trees.load([second, first], LEAVES).main == "Sub"
    assert trees.load([second, first], LEAVES, "Main").main == "Main"
    assert "names tree 'Sub', which is not in the files" in messages(first)[0]
    with pytest.raises(ValueError, match="no tree file"):
        trees.load([], LEAVES)


MAIN = {
    "said": ('main_tree_to_execute="B"', DONE.format("A") + DONE.format("B"), "B"),
    "only one": ("", DONE.format("A"), "A"),
    "unnamed": ("", "<BehaviorTree><AlwaysSuccess/></BehaviorTree>", "BehaviorTree_0"),
    "not used by others": ("", DONE.format("Sub") + uses("Sub"), "Main"),
}


@pytest.mark.parametrize("name", MAIN)
def test_the_main_tree(name: str, tmp_path: Path) -> None:
    root, body, expected = MAIN[name]
    assert trees.load(put(tmp_path / "t.xml", body, root), LEAVES).main == expected


NO_MAIN = {
    "none": ("", "", "or give --tree ID. Trees: none"),
    "two": ("", DONE.format("A") + DONE.format("B"), "or give --tree ID. Trees: A, B"),
    "misspelt": ('main_tree_to_execute="Mian"', uses(), ":1:24: main_tree_to_execute is 'Mian', and there is no such"),
    "unnamed": ("", 2 * "<BehaviorTree><AlwaysSuccess/></BehaviorTree>", "<BehaviorTree> has no ID"),
    "empty": ("", "<BehaviorTree ID='A'/>", "has 0 children, expected 1"),
    "two models": ("", DONE.format("A") + 2 * "<TreeNodesModel/>", "there is a second <TreeNodesModel>"),
    "model without ID": (
        "", DONE.format("A") + "<TreeNodesModel><SubTree><input_port name='a'/></SubTree></TreeNodesModel>",
        "<SubTree> in the <TreeNodesModel> has no ID",
    ),
    "a port with a space": (
        "", DONE.format("A") + "<TreeNodesModel><SubTree ID='B'><input_port name='a b'/></SubTree></TreeNodesModel>",
        "the port 'a b' has a space in its name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_MAIN)
def test_what_is_wrong_below_root(name: str, tmp_path: Path) -> None:
    root, body, expected = NO_MAIN[name]
    found = messages(put(tmp_path / "t.xml", body, root))
    assert any(expected in line for line in found), found


def test_a_misspelt_element_below_root_is_warned_about(tmp_path: Path) -> None:
    file = put(tmp_path / "t.xml", DONE.format("A") + "\n<BehaviourTree ID='B'/>")
    (problem,) = trees.problems(file, LEAVES)
    assert str(problem) == f"{file}:2:1: warning: <BehaviourTree> below <root> is ignored. Did you mean 'BehaviorTree'?"


NOT_XML = {
    "": "1:1: not well-formed XML: there is no element in the file",
    "<a": "1:1: not well-formed XML: the tag <a> does not end",
    "<a>\n<b>": "2:4: not well-formed XML: the file ends before <b> of line 2 is closed",
    "<a>\n</b>": "2:1: not well-formed XML: </b> stands where <a> of line 1 must be closed",
    "<a/></a>": "1:5: not well-formed XML: </a> closes nothing",
    "<a/><b/>": "1:5: not well-formed XML: <b> is a second root element",
    "x<a/>": "1:1: not well-formed XML: text outside the root element",
    "<a b='1' b='2'/>": "1:10: not well-formed XML: <a> has the attribute 'b' twice",
    "<a b=1/>": "1:4: not well-formed XML: the attribute 'b' of <a> has no value in quotes",
    "<a b='1/>": "1:4: not well-formed XML: the attribute 'b' of <a> has a value without end",
    "<a b/>": "1:4: not well-formed XML: the attribute 'b' of <a> has no value",
    "<a ?>": "1:4: not well-formed XML: <a> has '?' where an attribute or '>' is expected",
    "<a>< b/></a>": "1:4: not well-formed XML: a '<' with no name after it",
    "<a><!-- x</a>": "1:4: not well-formed XML: a comment that does not end",
    "<!DOCTYPE a><a/>": "1:1: document types and entities are not accepted",
    "<a><!ENTITY b 'c'></a>": "1:4: document types and entities are not accepted",
    "<a>\x01</a>": "1:4: not well-formed XML: a control character (code 1)",
}


@pytest.mark.parametrize("text", NOT_XML)
def test_what_is_no_xml_is_told_with_its_place(text: str) -> None:
    with pytest.raises(TreeProblems) as caught:
        parse(Source("f", text))
    assert str(caught.value).startswith(f"f:{NOT_XML[text]}")


def test_other_encodings_are_told(tmp_path: Path) -> None:
    file = tmp_path / "t.xml"
    file.write_bytes("<root>\n<a b='\xe4'/></root>".encode("latin-1"))
    with pytest.raises(TreeError, match=r"t\.xml:2:1: not a UTF-8 text file"):
        trees.load(file, LEAVES)
    with pytest.raises(TreeError, match=r"is a folder; the tree file must be a regular file"):
        trees.load(tmp_path, LEAVES)


LENIENT = {
    "bare &": ('<a b="x && y &foo; &amp;"/>', "x && y &foo; &"),
    "bare <": ('<a b="x<y"/>', "x<y"),
    "references": ('<a b="&#65;&#x42;&lt;&gt;&quot;&apos;&#0;&#xD800;&#x110000;"/>', "AB<>\"'&#0;&#xD800;&#x110000;"),
    "comment": ('<!-- a -- b ---><a b="1"/>', "1"),
    "prefix": ('<a x:y="2" b="1"/>', "1"),
    "no space": ("<a x='2'b='1'/>", "1"),
    "line end": ('<a b="x\ny"/>', "x\ny"),
}


@pytest.mark.parametrize("name", LENIENT)
def test_what_people_write_is_read(name: str) -> None:
    text, expected = LENIENT[name]
    assert parse(Source("f", text)).attributes["b"] == expected


def test_places_count_characters_and_lines_of_every_kind(tmp_path: Path) -> None:
    file = tmp_path / "t.xml"
    file.write_bytes('\ufeff<?xml version="1.0"?>\r\n<root a="ä&&ö"\r  b="𝄞"  c=""/>'.encode())
    with pytest.raises(TreeError, match="main_tree_to_execute is missing"):
        trees.load(file, LEAVES)
    from trees.reading.markup import read_source

    root = parse(read_source(file))
    assert (root.line, root.column) == (2, 1)
    assert [root.source.place(root.places[name]) for name in "abc"] == [(2, 7), (3, 3), (3, 10)]


@settings(max_examples=300)
@given(text=elements())
def test_what_expat_reads_is_read_alike(text: str) -> None:
    """Attributes alike but for white space, which expat makes plain spaces; places alike."""
    found: list[tuple[str, dict[str, str], int]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag, attributes, parser.CurrentLineNumber))

    parser.StartElementHandler = start
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        return  # it is the stricter one
    plain = str.maketrans("\n\t", "  ")
    mine = [
        (each.tag, {name: value.translate(plain) for name, value in each.attributes.items()}, each.line)
        for each in parse(Source("f", text)).walk()
    ]
    assert mine == [(tag, {k: v.translate(plain) for k, v in values.items()}, line) for tag, values, line in found]


@given(st.text(max_size=50))
def test_references_are_read_in_any_text(text: str) -> None:
    assert decode(text.replace("&", "&amp;")) == text
