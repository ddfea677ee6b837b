"""Leaves from other packages: an installed wheel gives tags, and what is wrong with a plug-in is told by its name."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint, version
from pathlib import Path

import pytest
from py_trees.common import Status

import trees
from behaviours.registry import LEAVES
from tests.support.installed import wheel_of
from tests.support.places import ROOT
from trees.data.ports import Bounds, input_port
from trees.engine.leaf import Leaf
from trees.errors import TreeError
from trees.plugins import GROUP, PluginLeaves


class Good(Leaf):
    PORTS = ()

    def update(self) -> Status:
        return Status.SUCCESS


class Portless(Leaf):
    pass


class TwicePort(Good):
    PORTS = (input_port("a", int), input_port("a", int))


class ReservedPort(Good):
    PORTS = (input_port("name", str),)


class TextPorts(Good):
    PORTS = ("a", "b")  # type: ignore[assignment]


class OtherTag(Good):
    TAG = "Other"


class BadDefault(Leaf):
    PORTS = (input_port("a", int, default=-1, bounds=Bounds(0)),)


class NoKind(Good):
    KIND = "Control"  # type: ignore[assignment]


NO_LEAF = 3
ME = __name__


def entry(tag: str, value: str) -> EntryPoint:
    return EntryPoint(tag, value, GROUP)


def tree_of(tag: str, folder: Path) -> Path:
    file = folder / "tree.xml"
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">\n<{tag}/></BehaviorTree></root>')
    return file


def test_a_plugin_gives_its_tag(tmp_path: Path) -> None:
    leaves = PluginLeaves(LEAVES, [entry("Good", f"{ME}:Good")])
    tree = trees.build(trees.load(tree_of("Good", tmp_path), leaves), None, lambda: 0.0)
    assert tree.tick() == Status.SUCCESS
    assert "Good" in leaves
    assert set(leaves) == {*LEAVES, "Good"}
    assert len(leaves) == len(LEAVES) + 1


BROKEN = {
    "no module": ("Mine", "no_such_package.leaves:Mine", "cannot be imported: ModuleNotFoundError"),
    "no class": ("Mine", f"{ME}:NoSuchClass", "cannot be imported: AttributeError"),
    "no leaf": ("Mine", f"{ME}:NO_LEAF", "is no leaf: expected a class derived from trees.engine.leaf.Leaf, got 3"),
    "no ports": ("Portless", f"{ME}:Portless", "declares no PORTS"),
    "ports twice": ("TwicePort", f"{ME}:TwicePort", "declares the port 'a' twice"),
    "reserved": ("ReservedPort", f"{ME}:ReservedPort", "has a port named 'name'"),
    "text as ports": ("TextPorts", f"{ME}:TextPorts", "no tuple of ports"),
    "another tag": ("Mine", f"{ME}:OtherTag", "has the TAG 'Other', but its entry point is named 'Mine'"),
    "kind": ("NoKind", f"{ME}:NoKind", "is of KIND 'Control'"),
    "a default": ("BadDefault", f"{ME}:BadDefault", "gives port 'a' the default -1: expected at least 0"),
    "a built-in leaf": ("Capture", f"{ME}:Good", "the tag 'Capture' is built in"),
    "a control node": ("Sequence", f"{ME}:Good", "the tag 'Sequence' is built in"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_told_by_its_name_where_the_tree_uses_it(name: str, tmp_path: Path) -> None:
    tag, value, message = BROKEN[name]
    leaves = PluginLeaves(LEAVES, [entry(tag, value)])
    found = [problem for problem in trees.problems(tree_of(tag, tmp_path), leaves) if not problem.warning]
    assert [(problem.line, problem.column) for problem in found] == [(2, 1)]
    assert f"<{tag}>: " in found[0].message
    assert value in found[0].message
    assert message in found[0].message


def test_two_packages_with_one_tag(tmp_path: Path) -> None:
    leaves = PluginLeaves({}, [entry("Good", f"{ME}:Good"), entry("Good", f"{ME}:TwicePort")])
    with pytest.raises(TreeError, match=r"the tag 'Good' is given by .*Good of .* and .*TwicePort of .*uninstall one"):
        trees.load(tree_of("Good", tmp_path), leaves)


def test_a_plugin_that_no_tree_uses_is_not_imported(tmp_path: Path) -> None:
    leaves = PluginLeaves(LEAVES, [entry("Mine", "no_such_package.leaves:Mine")])
    trees.load(tree_of("AlwaysSuccess", tmp_path), leaves)
    found = trees.problems(tree_of("Mime", tmp_path), leaves)
    assert "Did you mean 'Mine'" in found[-1].message  # its name is known all the same


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, built to a wheel and installed into a folder."""
    if int(version("setuptools").split(".")[0]) < 77:  # not imported: it refuses where distutils was imported before it
        pytest.skip("needs setuptools 77 or newer")
    pytest.importorskip("pip")
    place = tmp_path_factory.mktemp("plugin")
    wheel = wheel_of(ROOT / "tests" / "example_plugin", place)
    target = place / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    return target


MAIN = "import sys; from app.commands.dispatch import main; from app.base.interrupts import Interrupts; "
MAIN += "sys.exit(main(sys.argv[1:], Interrupts()))"


def spot_grasp(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    paths = [str(ROOT), *([str(path)] if path else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", MAIN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


TREE = """<root BTCPP_format="4"><BehaviorTree ID="T"><Sequence>
  <OpenGripper opening="1.0" max_torque_nm="3.0"/>
  <IsOpen at_least="0.9"/>
  <Countdown ticks="2" left="{left}"/>
</Sequence></BehaviorTree></root>"""


@pytest.mark.slow
def test_an_installed_wheel_gives_its_leaves_to_check_nodes_and_run(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(TREE)
    checked = spot_grasp("check", str(file), path=installed)
    assert (checked.returncode, checked.stdout.strip()) == (0, f"{file}: no problem found"), checked.stderr
    listed = spot_grasp("nodes", path=installed)
    assert "Countdown  (action)  RUNNING for a number of ticks, then SUCCESS." in listed.stdout
    record = str(tmp_path / "run")
    ran = spot_grasp("run", str(file), "--robot", "fake", "--view", "plain", "--record", record, path=installed)
    assert ran.returncode == 0, ran.stderr
    assert "Countdown" in ran.stdout + ran.stderr


def test_without_the_wheel_the_tag_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(TREE)
    checked = spot_grasp("check", str(file))
    assert checked.returncode == 2
    assert "tree.xml:4:3: unknown node <Countdown>" in checked.stdout
