"""Every heavy library has one home, and the layers hold also inside functions."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests.support.places import ROOT

PACKAGES = ("app", "behaviours", "perception", "simulation", "training", "trees")
HOMES = {
    "torch": ("simulation/", "training/"),
    "genesis": ("simulation/",),
    "onnxruntime": ("perception/networks/onnx_session.py",),
    "hashlib": ("perception/base/digest.py", "app/mission/session_ids.py"),
    "onnx": ("perception/networks/onnx_file.py", "perception/detection/network_parts.py", "training/"),
    "ultralytics": ("training/",),
    "foxglove": ("app/export/mcap_file.py",),
    "rerun": ("app/export/rerun_stream.py",),
    "rosbags": ("app/export/ros_bag.py",),
    "pyarrow": ("app/export/lerobot/dataset.py",),
    "bosdyn": ("app/", "behaviours/robots/spot/", "simulation/"),
    "numba": (
        "perception/surface/d2nt_compiled.py",
        "training/dataset/ways/raster.py",
        "training/detector/furnished/shade_kernel.py",
        "training/detector/rendered/raycast_kernel.py",
    ),
}
ONE_FILE = ("ultralytics",)
NEVER = ("torchvision",)
MAY_IMPORT = {
    "trees": {"trees"},
    "perception": {"perception", "trees"},
    "behaviours": {"behaviours", "perception", "trees"},
    "simulation": {"simulation", "behaviours", "perception", "trees"},
    "training": {"training", "simulation", "behaviours", "perception", "trees"},
    "app": set(PACKAGES),
}


def imports_of(source: str) -> Iterator[str]:
    """Dotted names of all imports, also those inside functions and those by importlib.import_module("...")."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a thing comes from"
            yield node.module or ""
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value)


def product_files() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


FILES = [(file.relative_to(ROOT).as_posix(), set(imports_of(file.read_text()))) for file in product_files()]


def importers(library: str) -> list[str]:
    return [path for path, names in FILES if any(name.split(".")[0] == library for name in names)]


def test_the_reader_of_imports_reads_all_forms() -> None:
    source = "import a.b\nfrom c.d import e\ndef f():\n import g\n importlib.import_module('h.i')\n __import__('j')\n"
    assert set(imports_of(source)) == {"a.b", "c.d", "g", "h.i", "j"}
    assert len(FILES) > 20


@pytest.mark.parametrize("library", HOMES)
def test_heavy_libraries_stay_at_home(library: str) -> None:
    assert [path for path in importers(library) if not path.startswith(HOMES[library])] == []


@pytest.mark.parametrize("library", ONE_FILE)
def test_some_are_imported_by_one_file_only(library: str) -> None:
    assert len(importers(library)) <= 1


@pytest.mark.parametrize("library", NEVER)
def test_some_are_never_imported(library: str) -> None:
    assert importers(library) == []


@pytest.mark.parametrize(("path", "names"), FILES, ids=[path for path, _ in FILES])
def test_layers(path: str, names: set[str]) -> None:
    package = path.split("/")[0]
    ours = {name for name in names if name.split(".")[0] in PACKAGES}
    assert {name for name in ours if name.split(".")[0] not in MAY_IMPORT[package]} == set()
    if package == "perception":
        allowed = {"trees.errors", "trees.lazy", "trees.reading.files"}
        assert {name for name in ours if name.startswith("trees")} <= allowed, "it knows nothing of trees"
    assert not any(name.split(".")[0] == "tests" for name in names), "the product never imports its tests"


def words_of(source: str) -> set[str]:
    """The parts of all names that a source defines, imports or uses, in small letters."""
    names = set[str]()
    for node in ast.walk(ast.parse(source)):
        for field in ("id", "attr", "name", "arg", "module", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                names |= set(re.split(r"[._]|(?<=[a-z])(?=[A-Z])", name))
    return {name.lower() for name in names}


@pytest.mark.parametrize("path", [path for path, _ in FILES if path.startswith(("perception/", "behaviours/leaves/"))])
def test_perception_and_leaves_know_no_robot(path: str) -> None:
    """What they need of one is its `RobotModel`."""
    words = words_of((ROOT / path).read_text().replace("SpotGraspError", "Error"))
    assert not words & {"spot", "genesis", "bosdyn"}


def circles(imports: dict[str, set[str]]) -> set[frozenset[str]]:
    """The groups of modules that reach each other; what nobody imports, or imports nobody, is in none."""
    reached: dict[str, set[str]] = {}
    for start in imports:
        found, left = set[str](), [start]
        while left:
            new = imports[left.pop()] - found
            found |= new
            left.extend(new)
        reached[start] = found
    return {
        frozenset(other for other in reached[start] if start in reached[other])
        for start in imports
        if start in reached[start]
    }


def test_circles_are_found() -> None:
    chain = {"a": {"b"}, "b": {"c"}, "c": set[str]()}
    assert circles(chain) == set()
    assert circles({**chain, "c": {"b"}, "d": {"a"}}) == {frozenset("bc")}
    assert circles({**chain, "c": {"a"}}) == {frozenset("abc")}


def test_no_two_modules_import_each_other() -> None:
    """Also not through others, inside functions, or for types alone."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    assert len(imports) > 300
    assert circles(imports) == set(), "modules import each other"


def modules_after(arguments: list[str]) -> set[str]:
    script = (
        "import sys; from app.commands.dispatch import main; from app.base.interrupts import Interrupts\n"
        "try: main(sys.argv[1:], Interrupts())\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], []])
def test_help_imports_no_heavy_library(arguments: list[str]) -> None:
    heavy = {"numpy", "scipy", "torch", "genesis", "cv2", "py_trees", "onnxruntime", "rich", "structlog"}
    loaded = modules_after(arguments)
    assert "argparse" in loaded
    assert loaded & heavy == set()


TRICKS = {
    "setrecursionlimit": "trees/engine/recursion.py",
    "mallopt": "training/common/memory.py",
    "importlib.metadata.version = ": "training/detector/torchvision_stub.py",
    "sys.modules.update": "training/detector/torchvision_stub.py",
    "sys.meta_path.insert": "spot_grasp_main.py",
}
"""What changes the whole process, each in one file that gives the reason and says what would let it go."""
NEVER_DONE = r"\bexec\(|sys\.modules\[[^\]]+\] = |sys\.path\.(insert|append)"


def test_what_changes_the_whole_process_stands_alone() -> None:
    other_process = ROOT / "simulation/spot_api/client/redirect.py"
    sources = {
        file: file.read_text() for file in [*product_files(), ROOT / "spot_grasp_main.py"] if file != other_process
    }
    for trick, home in TRICKS.items():
        assert [file for file, text in sources.items() if trick in text] == [ROOT / home]
        assert "It can go when" in (ROOT / home).read_text(), home
    assert [file for file, text in sources.items() if re.search(NEVER_DONE, text)] == []


def test_a_command_keeps_the_algebra_of_numpy_on_one_thread() -> None:
    code = (
        "import spot_grasp_main, numpy, threadpoolctl as t; print({one['num_threads'] for one in t.threadpool_info()})"
    )
    env = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=env, check=True)
    assert run.stdout.strip() == "{1}"
