"""The canonical form: it means the same, keeps what people wrote, and formatting it again changes nothing."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trees
from trees.reading.elements import Element, Source, TreeProblems
from trees.reading.format import format_text
from trees.reading.markup import parse

LIBRARY = sorted((Path(trees.__path__[0]) / "library").rglob("*.xml"))
NAMES = st.sampled_from(
    ["root", "BehaviorTree", "TreeNodesModel", "Sequence", "SubTree", "Act", "_meta", "ID", "name", "x:y", "_skipIf"]
)
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
TEXTS = st.text(st.one_of(CHARACTERS, st.sampled_from(" \t\n-&<>\"';")), max_size=25)


def shape(element: Element) -> object:
    """What an element means: tag, attributes, text but for white space, children."""
    return element.tag, element.attributes, "".join(element.text.split()), [shape(child) for child in element.children]


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    """An element as somebody might write it, with comments, texts and blank lines anywhere."""
    tag = draw(NAMES)
    attributes = draw(st.dictionaries(NAMES, TEXTS, max_size=4))
    written = ""
    for name, value in attributes.items():
        quote = "'" if '"' in value else '"'
        written += f"{draw(st.sampled_from([' ', '  ', chr(10)]))}{name}={quote}{value.replace(quote, '&apos;')}{quote}"
    inside = ""
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        kind = draw(st.integers(0, 5))
        if kind == 0:
            inside += f"<!--{draw(TEXTS).replace('-->', '')}-->".replace("--->", "- -->")
        elif kind == 1:
            inside += draw(TEXTS).replace("&", "&amp;").replace("<", "&lt;")
        elif kind == 2:
            inside += draw(st.sampled_from(["\n", "\n\n", "\n\n\n  ", " "]))
        elif kind == 3:
            inside += f"<![CDATA[{draw(TEXTS).replace(']]>', '')}]]>"
        else:
            inside += draw(elements(depth=depth - 1))
    return f"<{tag}{written}>{inside}</{tag}>" if inside or draw(st.booleans()) else f"<{tag}{written}/>"


@settings(max_examples=300)
@given(text=elements())
def test_formatting_keeps_the_meaning_and_is_done_after_once(text: str) -> None:
    once = format_text(text)
    assert format_text(once) == once
    assert shape(parse(Source("a", once))) == shape(parse(Source("a", text)))


@settings(max_examples=200)
@given(text=elements())
def test_what_comes_out_is_xml_for_every_reader(text: str) -> None:
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag, attributes))
    parser.Parse(format_text(text), True)
    assert found == [(each.tag, each.attributes) for each in parse(Source("a", text)).walk()]


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: file.stem)
def test_the_library_means_the_same_when_formatted(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    once = format_text(text)
    assert format_text(once) == once
    assert shape(parse(Source("a", once))) == shape(parse(Source("a", text)))
    assert once.count("<!--") == text.count("<!--")


MESSY = """<root main_tree_to_execute='T'   BTCPP_format="4"><!-- about
   the tree -->
<BehaviorTree ID="T"><Sequence _skipIf="a<1 && b" name='s "x"' _uid="7"> <!-- first -->

    <A b="1" a="2"/>   <!-- beside -->


    <A/>;
    <!--
        - one
          - below
    -->
  </Sequence></BehaviorTree><BehaviorTree ID="U"><A/></BehaviorTree>
</root>"""
TIDY = """<?xml version="1.0" encoding="UTF-8"?>
<root BTCPP_format="4" main_tree_to_execute="T">
  <!-- about
       the tree -->
  <BehaviorTree ID="T">
    <Sequence name="s &quot;x&quot;" _skipIf="a&lt;1 &amp;&amp; b" _uid="7">
      <!-- first -->

      <A b="1" a="2"/>  <!-- beside -->

      <A/>
      ;
      <!--
        - one
          - below
      -->
    </Sequence>
  </BehaviorTree>

  <BehaviorTree ID="U">
    <A/>
  </BehaviorTree>
</root>
"""


def test_a_messy_file_becomes_this() -> None:
    assert format_text(MESSY) == TIDY


def test_a_long_tag_has_an_attribute_a_line() -> None:
    text = f'<root><A first="{"x" * 70}" second="{"y" * 70}"/></root>'
    assert f'  <A\n      first="{"x" * 70}"\n      second="{"y" * 70}"/>' in format_text(text)


def test_what_is_no_xml_is_not_formatted() -> None:
    with pytest.raises(TreeProblems, match=r"my\.xml:1:7: not well-formed"):
        format_text("<root><a b></a></root>".replace("<a b>", "<"), "my.xml")


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: file.stem)
def test_the_library_is_in_canonical_form(file: Path) -> None:
    assert format_text(file.read_text()) == file.read_text()
