"""Files made to hurt: they end in one clear error, and cost what their size costs, not what they would expand to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from tests.support.trees_leaves import LEAVES, Act
from trees.checking.expansion import MAX_NESTING
from trees.errors import LeafError, TreeError


def write(folder: Path, text: str) -> Path:
    file = folder / "tree.xml"
    file.write_text(text, encoding="utf-8")
    return file


def chain(length: int, uses: int) -> str:
    """T0 uses T1 `uses` times, T1 uses T2..."""
    body = "".join(
        f'<BehaviorTree ID="T{i}"><Sequence>{uses * f"""<SubTree ID="T{i + 1}"/>"""}</Sequence></BehaviorTree>'
        for i in range(length)
    )
    end = f'<BehaviorTree ID="T{length}"><Act seq="S"/></BehaviorTree>'
    return f'<root main_tree_to_execute="T0">{body}{end}</root>'


def nested(levels: int) -> str:
    """A tree of that many levels in all."""
    above = levels - 1
    return (
        f"<root><BehaviorTree ID='T'>{'<Inverter>' * above}<Act seq='S'/>{'</Inverter>' * above}</BehaviorTree></root>"
    )


HURTFUL = {
    "two to the power of forty nodes": (chain(40, 2), r"tree 'T\d+' has more than 65535 nodes"),
    "a long chain of subtrees": (chain(3000, 1), r"is 257 levels deep with its subtrees; at most 256"),
    "too deep to tick": (nested(MAX_NESTING + 1), r"is 257 levels deep"),
    "comments that never end": ("<!--" * 300_000, "not well-formed"),
    "quotes that never end": ('<a "' * 300_000, "not well-formed"),
    "a ring of subtrees": (chain(10, 1).replace('<Act seq="S"/>', '<SubTree ID="T3"/>'), "tree 'T3' contains itself"),
}


@pytest.mark.parametrize("name", HURTFUL)
def test_a_hurtful_file_is_refused(name: str, tmp_path: Path) -> None:
    text, message = HURTFUL[name]
    with pytest.raises(TreeError, match=message):
        trees.load(write(tmp_path, text), LEAVES)


def test_the_deepest_tree_that_is_accepted_can_be_ticked(tmp_path: Path) -> None:
    document = trees.load(write(tmp_path, nested(MAX_NESTING)), LEAVES)
    assert trees.build(document, [], lambda: 0.0).tick() == Status.FAILURE  # by 255 inverters


def test_two_trees_within_each_other_are_told_once(tmp_path: Path) -> None:
    both = (
        "<BehaviorTree ID='A'><SubTree ID='B'/></BehaviorTree>\n<BehaviorTree ID='B'><SubTree ID='A'/></BehaviorTree>"
    )
    found = trees.problems(write(tmp_path, f'<root main_tree_to_execute="A">{both}</root>'), LEAVES)
    assert [(problem.line, problem.message) for problem in found if not problem.warning] == [
        (2, "tree 'A' contains itself through <SubTree ID=\"A\">")
    ]


def test_a_script_that_cannot_be_read_is_found_wherever_it_stands(tmp_path: Path) -> None:
    body = (
        "<BehaviorTree ID='T'><Sequence _skipIf='true &amp;'>\n<SubTree ID='U' _while='x +'/></Sequence></BehaviorTree>"
        "<BehaviorTree ID='U'><Sequence>\n<Act seq='S' _post='y:='/>\n<Script code='1 % 2'/>"
        "\n<Precondition if=' '><AlwaysSuccess/></Precondition>"
        "\n<LoopInt queue='1;x' value='{v}'><AlwaysSuccess/></LoopInt></Sequence></BehaviorTree>"
    )
    found = trees.problems(write(tmp_path, f'<root main_tree_to_execute="T">{body}</root>'), LEAVES)
    assert [(problem.line, problem.message.split("'")[1]) for problem in found if not problem.warning] == [
        (1, "_skipIf"), (2, "_while"), (3, "_post"), (4, "code"), (5, "if"), (6, "queue"),
    ]  # fmt: skip


def test_texts_in_double_quotes_are_refused_in_strict_files_only(tmp_path: Path) -> None:
    body = "<Sequence><Act seq='S' _skipIf='\"a\" == x'/>\n<Script code='x := \"a\"'/><Act seq='\"'/></Sequence>"
    file = write(tmp_path, f"<root BTCPP_format='4'><BehaviorTree ID='T'>{body}</BehaviorTree></root>")
    assert [problem.line for problem in trees.problems(file, LEAVES, strict=True)] == [1, 2]
    assert trees.problems(file, LEAVES) == []


def test_two_subtrees_of_one_name_are_refused(tmp_path: Path) -> None:
    body = (
        "<BehaviorTree ID='T'><Sequence><SubTree ID='U' name='n'/><SubTree ID='U' name='n'/></Sequence></BehaviorTree>"
    )
    text = f"<root main_tree_to_execute='T'>{body}<BehaviorTree ID='U'><Act seq='S'/></BehaviorTree></root>"
    with pytest.raises(TreeError, match="has the name 'n' of the one in line 1"):
        trees.load(write(tmp_path, text), LEAVES)


class HaltsBadly(Act):
    def terminate(self, new_status: Status) -> None:
        super().terminate(new_status)
        if new_status == Status.INVALID:
            raise OSError("cannot stop")


def test_the_first_error_is_told_even_if_stopping_fails_and_all_others_stop(tmp_path: Path) -> None:
    body = '<Act name="a" seq="R"/><HaltsBadly name="h" seq="R"/><Act name="x" seq="RX"/><Act name="z" seq="R"/>'
    text = f"<root><BehaviorTree ID='T'><Parallel>{body}</Parallel></BehaviorTree></root>"
    document = trees.load(write(tmp_path, text), {**LEAVES, "HaltsBadly": HaltsBadly})
    events: list[str] = []
    tree = trees.build(document, events, lambda: 0.0)
    assert tree.tick() == Status.RUNNING
    with pytest.raises(LeafError, match="x broke") as caught:
        tree.tick()
    assert {"halt a", "halt h", "halt x", "halt z"} <= set(events)
    assert caught.value.__notes__ == [
        "raised at T/Parallel/x",
        "and while stopping: LeafError: T/Parallel/h: <HaltsBadly> raised OSError: cannot stop",
    ]


def test_catch_on_halt_ticks_the_last_child_once(tmp_path: Path) -> None:
    tried = '<TryCatch catch_on_halt="{}"><Act name="a" seq="R"/><Act name="c" seq="R"/></TryCatch>'
    for asked, after in (("true", ["halt a", "c:R", "halt c"]), ("false", ["halt a"])):
        events: list[str] = []
        text = f"<root><BehaviorTree ID='T'>{tried.format(asked)}</BehaviorTree></root>"
        tree = trees.build(trees.load(write(tmp_path, text), LEAVES), events, lambda: 0.0)
        tree.tick()
        tree.halt()
        tree.halt()
        assert events == ["a:R", *after]


TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30)


@settings(max_examples=150)
@given(
    comment=TEXT.filter(lambda text: "-->" not in text),
    name=TEXT.filter(lambda text: '"' not in text and ";" not in text),
)
def test_comments_and_names_hold_any_text(comment: str, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    body = f'<BehaviorTree ID="T">\n<Act name="{name}" seq="S"/>\n<!-- a -- b ---></BehaviorTree>'
    text = f"<root><!--{comment}-->{body}</root>"
    document = trees.load(write(tmp_path_factory.mktemp("any"), text), LEAVES)
    assert document.trees["T"].attributes["name"] == name
    assert document.trees["T"].line == 2


@pytest.mark.parametrize(
    "tag", ["Sequence _skipIf='false'", "ReactiveSequence", "RetryUntilSuccessful num_attempts='1'"]
)
def test_the_deepest_trees_are_ticked_and_halted(tag: str, tmp_path: Path) -> None:
    body = f"{f'<{tag}>' * (MAX_NESTING - 1)}<Act name='a' seq='R'/>{f'</{tag.split()[0]}>' * (MAX_NESTING - 1)}"
    text = f"<root BTCPP_format='4'><BehaviorTree ID='T'>{body}</BehaviorTree></root>"
    events: list[str] = []
    tree = trees.build(trees.load(write(tmp_path, text), LEAVES), events, lambda: 0.0)
    assert tree.tick() == tree.tick() == Status.RUNNING
    tree.halt()
    assert events == ["a:R", "a:R", "halt a"]


def test_the_longest_chain_of_subtrees_is_ticked_and_halted(tmp_path: Path) -> None:
    body = chain(MAX_NESTING // 2 - 1, 1).replace('<Act seq="S"/>', '<Inverter><Act seq="R"/></Inverter>')
    document = trees.load(write(tmp_path, body), LEAVES)
    assert document.levels == MAX_NESTING
    tree = trees.build(document, [], lambda: 0.0)
    assert tree.tick() == Status.RUNNING
    tree.halt()
    assert len(tree.nodes()) == MAX_NESTING
