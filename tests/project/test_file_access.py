"""Files are read and written in one place: whoever opens one past `perception.base.files` is found here, and says
why."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from app.base.boundary import run_main
from app.base.interrupts import Interrupts
from tests.support.places import ROOT

pytestmark = pytest.mark.slow

PACKAGES = ("app", "behaviours", "perception", "simulation", "training", "trees")
ONE_PLACE = ("trees/reading/files.py", "perception/base/files.py", "perception/base/array_files.py")
METHODS = {
    "hardlink_to",
    "open",
    "read_bytes",
    "read_text",
    "rename",
    "symlink_to",
    "tofile",
    "write_bytes",
    "write_text",
}
FUNCTIONS = {
    "builtins": {"open"},
    "codecs": {"open"},
    "cv2": {"FileStorage", "VideoCapture", "VideoWriter", "imread", "imreadmulti", "imwrite", "imwritemulti"},
    "gzip": {"open"},
    "io": {"FileIO", "open", "open_code"},
    "json": {"dump", "load"},
    "mmap": {"mmap"},
    "numpy": {
        "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "open_memmap", "save", "savetxt", "savez",
        "savez_compressed",
    },
    "numpy.lib.format": {"open_memmap", "read_array", "write_array"},
    "onnx": {"load", "load_model", "save", "save_model"},
    "os": {"fdopen", "link", "open", "rename", "replace", "symlink"},
    "pickle": {"Unpickler", "dump", "load"},
    "PIL.Image": {"open"},
    "shutil": {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move"},
    "tarfile": {"TarFile", "open"},
    "tomllib": {"load"},
    "torch": {"load", "save"},
    "torch.jit": {"load", "save"},
    "trimesh": {"load", "load_mesh", "load_scene"},
    "xml.dom.minidom": {"parse"},
    "xml.etree.ElementTree": {"iterparse", "parse"},
    "yaml": {"load", "safe_load", "full_load", "unsafe_load"},
    "zipfile": {"ZipFile"},
}  # fmt: skip
IN_MEMORY = {"io.BytesIO", "io.StringIO", "perception.base.files.replacing"}
"""What is given one of these to read from or write to opens no file by itself."""
_CLIENT = "a client's sitecustomize.py, which has the standard library alone; the simulator wrote what it reads"
_MAP = "of the simulator's own folder, which processes share while it is written"
_PARTS = "larger than the memory: filled row by row in the output folder, which is whole once samples.json is there"
ALLOWED = {
    ("behaviours/recording/btlog.py", "__init__", "builtins.open"): "grows in the run's new folder, change by change",
    ("app/base/output.py", "install", "builtins.open"): "/dev/null, in place of a stdin that is closed",
    ("app/base/output.py", "install", "os.open"): "/dev/null, in place of standard streams that are closed",
    ("app/commands/tree_files/preflight.py", "preflight", "connection.open"): "a connection, no file",
    ("behaviours/robots/spot/robot.py", "__enter__", "self._connection.open"): "a connection, no file",
    ("simulation/spot_api/client/program.py", "__init__", "mmap.mmap"): _MAP,
    ("simulation/spot_api/client/program.py", "__init__", "path.open"): _MAP,
    ("simulation/spot_api/client/program.py", "__init__", "path.write_bytes"): _MAP,
    (
        "simulation/spot_api/client/program.py",
        "client_environment",
        "shutil.copyfile",
    ): "of this program, into its temporary folder",
    ("simulation/spot_api/client/redirect.py", "__init__", "builtins.open"): _CLIENT,
    ("simulation/spot_api/client/redirect.py", "click", "builtins.open"): _CLIENT,
    ("simulation/spot_api/client/redirect.py", "click", "json.load"): _CLIENT,
    ("simulation/spot_api/client/redirect.py", "__init__", "mmap.mmap"): _CLIENT,
    ("training/dataset/array_folder.py", "write_arrays", "numpy.lib.format.open_memmap"): _PARTS,
    ("training/detector/export.py", "export_detector", "shutil.move"): "of ultralytics, into our temporary folder",
    ("training/judge/train.py", "train", "training.judge.samples.Picks.open"): "picks, which the one reader reads",
    ("training/detector/pictures.py", "_link", "os.symlink"): "to pictures of the user's, in the run's own folder",
    (
        "training/heatmap/train.py",
        "train",
        "training.heatmap.samples.Samples.open",
    ): "a data set, which the one reader maps",
}
"""(file, function, name) -> why it is not the one reader's or writer's."""


def accesses(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, function that it is in, name) of what may open a file: those of FUNCTIONS under whatever name, called or
    handed on, and METHODS of anything, but for what is given something of IN_MEMORY."""
    tree = ast.parse(source)
    names = {"open": "builtins.open"}
    owner: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):  # outer ones come first
            owner |= dict.fromkeys(ast.walk(node), node.name)

    def dotted(node: ast.AST) -> str:
        if isinstance(node, ast.Attribute):
            return f"{dotted(node.value)}.{node.attr}"
        return names.get(node.id, node.id) if isinstance(node, ast.Name) else "?"

    held: set[tuple[str | None, str]] = set()

    def in_memory(node: ast.AST | None) -> bool:
        if isinstance(node, ast.Name):
            return (owner.get(node), node.id) in held
        return isinstance(node, ast.Call) and dotted(node.func) in IN_MEMORY

    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and in_memory(node.value):
            held |= {(owner.get(node), dotted(target)) for target in node.targets}
        elif isinstance(node, ast.withitem) and node.optional_vars is not None and in_memory(node.context_expr):
            held.add((owner.get(node), dotted(node.optional_vars)))
    safe = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            file = node.args[1:2] if dotted(node.func) == "torch.save" else node.args[:1]
            holder = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            safe |= {node.func} if any(map(in_memory, [*file, *holder])) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and node not in safe and isinstance(node.ctx, ast.Load):
            module, _, name = dotted(node).rpartition(".")
            if name in FUNCTIONS.get(module, ()) or (isinstance(node, ast.Attribute) and name in METHODS):
                yield node.lineno, owner.get(node, ""), f"{module}.{name}"


def found() -> dict[tuple[str, str, str], int]:
    """(file, function, name) -> a line, of everything outside the one place."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {
        (path, function, name): line
        for file in files
        if (path := file.relative_to(ROOT).as_posix()) not in ONE_PLACE
        for line, function, name in accesses(file.read_text())
    }


def test_every_file_is_read_and_written_in_the_one_place():
    places = found()
    new = [
        f"{path}:{line}: {name}"
        for (path, function, name), line in places.items()
        if (path, function, name) not in ALLOWED
    ]
    assert not new, "use perception.base.files or perception.base.array_files"
    assert not [entry for entry in ALLOWED if entry not in places], "no longer there"


@pytest.mark.parametrize(
    "source",
    [
        "open('a')", "import json\nwith open('a') as f: json.load(f)", "from json import load as l\nl(f)",
        "import numpy\nx = [*map(numpy.load, files)]", "import numpy as np\ndef f(p): np.savez(p, a=1)",
        "Path('a').read_text()", "read = path.read_bytes", "def f(path):\n  with path.open('rb') as g: pass",
        "import cv2\ncv2.imread(a)", "from cv2 import imwrite\nimwrite(a, b)",
        "def f():\n  import onnx\n  onnx.load(a)",
        "from xml.etree import ElementTree as ET\nET.parse(a)",
        "import xml.etree.ElementTree\nxml.etree.ElementTree.parse(a)",
        "import tomllib\ntomllib.load(f)", "import torch\nasync def f():\n  torch.save(a, b)",
        "import os\nos.open(a, 0)",
        "import trimesh as t\nt.load(a)",
        "import io\nimport numpy as np\ndef f(p):\n  b = io.BytesIO()\n  np.save(p, b)",
        "import io\nimport numpy as np\ndef f():\n  b = io.BytesIO()\ndef g(b):\n  np.save(b, 1)",
        "import shutil\nshutil.copy(a, b)",
    ],
)  # fmt: skip
def test_what_opens_a_file_is_found(source):
    assert list(accesses(source))


@pytest.mark.parametrize(
    "source",
    [
        "import io\nimport torch\ndef f():\n  b = io.BytesIO()\n  torch.save({}, b)",
        "import io\nimport numpy as np\ndef f(c): return np.load(io.BytesIO(c))",
        "import torch\nfrom perception.base.files import replacing\n"
        "def f(p):\n  with replacing(p) as q: torch.save(1, q)",
        "from perception.base.files import replacing\ndef f(p):\n  with replacing(p) as part: part.write_bytes(b'')",
        "import json\njson.loads('1')", "reopen(1)",
        "from perception.base.files import read_bytes\nread_bytes(p, 'a', 1)",
    ],
)  # fmt: skip
def test_what_stays_in_memory_or_becomes_whole_is_not(source):
    assert not list(accesses(source))


@pytest.mark.parametrize("bad", ["cut", "another kind", "other shapes", "pipe", "folder", "device", "gone"])
@pytest.mark.parametrize(
    ("tool", "file", "words"),
    [
        ("detector.rendered.crops", "view-00001-00.npz", ["--views", "@", "--out", "@/out"]),
        ("studies.measure_detector", "view-00001-00.npz", ["--views", "@"]),
        ("studies.measure_depth", "depth_1.npy", ["--scenes", "1", "--real", "@", "--wall", "0,0,9,9"]),
    ],
)
def test_tools_of_training_refuse_a_bad_file_in_one_line(tool, file, words, bad, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch")
    path = tmp_path / file
    match bad:
        case "cut":
            path.write_bytes(b"\x93NUMPY PK\x03\x04\xff")
        case "another kind":
            np.save(path.with_suffix(".npy"), np.zeros((3, 4)))
            path.with_suffix(".npy").replace(path)
        case "other shapes":
            with path.open("wb") as content:  # a name that numpy adds nothing to
                keys = ("rgb", "depth", "instances", "families", "world_from_camera", "intrinsics")
                np.savez(content, **{key: np.zeros(3) for key in keys})
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "gone":
            path.symlink_to("nowhere")
    monkeypatch.setattr(sys, "argv", [tool, *(word.replace("@", str(tmp_path)) for word in words)])
    assert run_main(f"training.{tool}", Interrupts()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert file in said.err
