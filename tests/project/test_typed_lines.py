"""Every line that we tell people to type: its command, options, extras and files exist, and the cheap ones are run."""

from __future__ import annotations

import ast
import builtins
import json
import re
import shlex
import shutil
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import behaviours
from app.base.interrupts import Interrupts
from app.commands.dispatch import build_parser, main
from behaviours.robots.fake.robot import FakeRobot
from perception.base import extras
from simulation.spot_api.faults.spec import read_faults
from spot_grasp_main import PACKAGES
from tests.project.typed_lines import BLOCK, PAGES, ROOT, Block, Typed, blocks, command_of, in_blocks, in_code, in_text
from tests.support.installed import Installed

pytestmark = pytest.mark.slow

EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
GOALS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
BLOCKS = list(in_blocks())
LINES = [*BLOCKS, *in_text()]
OURS = [line for line in LINES if line.words[0] == "spot-grasp"]
LOOKING = ("check", "doctor", "format", "nodes", "show")
"""Commands that only look, and take no time."""


SHARED = sorted((ROOT / "training").rglob("*arguments.py"))
"""Options that several programs have."""


def ids(lines: list[Typed]) -> list[str]:
    return [f"{line.where} {line.text}" for line in lines]


def is_cheap(line: Typed) -> bool:
    """Whether it can be run here, in a folder that has the files it names."""
    words = line.words
    return words[0] == "spot-grasp" and "--hostname" not in words and (
        words[1] in LOOKING
        or (words[1] in ("run", "test") and "fake" in words)
        or (words[1] == "test" and ".test.toml" in line.text)
        or (words[1] == "export" and "my_run" in words)
    )  # fmt: skip


CHEAP = [line for line in BLOCKS if is_cheap(line)]
TREES = [block for block in blocks("xml") if not block.untried]
PROGRAMS = [block for block in blocks("python") if not block.untried]
DATA = [block for block in blocks("json", "toml") if not block.untried]


def wheres(some: list[Block]) -> list[str]:
    return [block.where for block in some]


def test_lines_are_found() -> None:
    assert len(OURS) > 40
    assert len(CHEAP) >= 6
    assert {line.where.split(":")[0] for line in LINES} >= {"README.md", "install.md", "spot.md", "training.md"}


@pytest.mark.parametrize("line", OURS, ids=ids(OURS))
def test_commands_and_options_of_the_docs_exist(line: Typed) -> None:
    assert_options(line)
    if line in BLOCKS:  # it is typed as it stands
        text = re.sub(r"(contract|--robot) mine\b", r"\1 fake", line.text)  # the reader's own robot
        build_parser().parse_args(shlex.split(text.replace("$seed", "0"))[1:])


def assert_options(line: Typed) -> None:
    parser = command_of(line.words)
    assert parser is not None, f"{line.where}: no such command: {line.text}"
    for option in re.findall(r"(?<!\S)\[?(--[a-z0-9-]+)", line.text.split(" --exec ")[0]):
        assert option in parser._option_string_actions, f"{line.where}: {parser.prog} has no {option}"


CODE = list(in_code())


def test_commands_in_help_messages_and_docstrings_exist() -> None:
    lines = [line for line in CODE if line.words[0] == "spot-grasp"]
    assert len(lines) > 25
    for line in lines:
        assert_options(line)


def test_modules_that_are_started_exist_and_have_the_options() -> None:
    lines = [line for line in [*LINES, *CODE] if "-m" in line.words]
    assert len(lines) > 25
    for line in lines:
        module = line.words[line.words.index("-m") + 1]
        if module == "venv":
            continue
        spec = find_spec(module)
        assert spec is not None, f"{line.where}: no module {module}"
        source = "".join(file.read_text() for file in (Path(spec.origin or ""), *SHARED))
        for option in re.findall(r"(?<!\S)\[?(--[a-z0-9-]+)", line.text.split(" -m ")[1]):
            assert f'"{option}"' in source, f"{line.where}: {module} has no {option}"


def test_pip_is_asked_for_what_there_is() -> None:
    lines = [line for line in LINES if line.words[0] == "pip"]
    assert lines
    for line in lines:
        words = shlex.split(line.text)
        for name in re.findall(r"\[([\w,]+)\]", line.text):
            assert set(name.split(",")) <= EXTRAS, line.where
        assert not any(word.startswith("spot-grasp") for word in words), f"{line.where}: it is on no index"
        if "-c" in words:
            assert (ROOT / words[words.index("-c") + 1]).is_file(), line.where
    inside = [line.where for line in CODE if line.text.startswith("pip install")]
    assert [where for where in inside if not where.startswith("perception/base/extras.py")] == [], "take install_line"


def test_make_has_the_goals() -> None:
    lines = [line for line in LINES if line.words[0] == "make"]
    assert lines
    for line in lines:
        goal = line.words[1]
        assert goal in GOALS, line.where


def test_blocks_whose_lines_are_not_tried_say_why() -> None:
    assert [f"{line.where}: {line.text}" for line in BLOCKS if not line.untried and not is_cheap(line)] == [], (
        "write <!-- not tried: REASON --> above the block"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the lines of the docs name: the files that blocks are to be saved as, trees, the library's parts, a
    detector."""
    for block in blocks("xml", "python", "json", "toml"):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
    for name in ("my_tree.xml", "other.xml", "theirs.xml"):
        (tmp_path / name).write_text((tmp_path / "visit_can.xml").read_text())
    shutil.copytree(ROOT / "trees" / "library" / "parts", tmp_path / "parts")
    (tmp_path / "mine.onnx").symlink_to(ROOT / "perception" / "weights" / "detector.onnx")
    return tmp_path


@pytest.mark.parametrize("block", TREES, ids=wheres(TREES))
def test_trees_of_the_docs_have_no_problem(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    Path("block.xml").write_text(block.text)
    assert main(["check", "--strict", "block.xml"], Interrupts()) == 0


@pytest.mark.parametrize("block", PROGRAMS, ids=wheres(PROGRAMS))
def test_programs_of_the_docs_run(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    program = ast.parse(block.text, block.where)
    exec(compile(program, block.where, "exec"), {"__name__": "example"})
    assert unknown_names(program) == set(), "import what the block names"


def unknown_names(program: ast.Module) -> set[str]:
    """Names that it uses, also within functions that nobody calls, and neither imports nor makes."""
    nodes = list(ast.walk(program))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    made = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | set(dir(builtins))
    for node in nodes:
        made |= {node.arg} if isinstance(node, ast.arg) else set()
        made |= {node.name} if isinstance(node, ast.FunctionDef | ast.ClassDef) else set()
        if isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return {node.id for node in names} - made


@pytest.mark.parametrize("block", DATA, ids=wheres(DATA))
def test_data_of_the_docs_can_be_read(block: Block, folder: Path) -> None:
    content = json.loads(block.text) if block.language == "json" else tomllib.loads(block.text)
    if "faults" in content:
        assert read_faults(folder / block.file)


def test_modules_and_files_that_pages_name_exist() -> None:
    """In backticks: `trees/library`, `behaviours.contract`, `tests/project/test_site.py`."""
    roots = "|".join((*PACKAGES, "tests", "docs"))
    for page in PAGES:
        for name in re.findall(rf"`((?:{roots})/[\w./]+)`", page.read_text()):
            assert (ROOT / name).exists(), f"{page.name}: no file {name}"
        for name in re.findall(rf"`(?:python -m )?((?:{'|'.join(PACKAGES)})\.[a-z_][\w.]*)\b", page.read_text()):
            parts = name.split(".")
            stems = [ROOT.joinpath(*parts[:length]) for length in range(2, len(parts) + 1)]
            known = any(stem.with_suffix(".py").is_file() or stem.is_dir() for stem in stems)
            assert known or hasattr(import_module(parts[0]), parts[1]), f"{page.name}: no module {name}"


def test_every_block_says_what_it_is_and_is_tried_or_says_why_not() -> None:
    for page in PAGES:
        text = page.read_text()
        fences = re.findall(r"^[ \t]*```(.*)$", text, re.M)
        assert len(fences) % 2 == 0, page
        languages = {"sh", "xml", "python", "json", "toml", "yaml", "dockerfile", "text"}
        assert set(fences[::2]) <= languages, f"{page}: say the language"
        assert len(list(BLOCK.finditer(text))) == len(fences) // 2, f"{page}: a fence begins its line"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the fake robot."""
    return behaviours.run("grasp_bottle", FakeRobot(), out=tmp_path_factory.mktemp("recorded")).path.parent


def bring(recorded: Path, line: Typed, folder: Path) -> None:
    """The run that a line is about, if it is about one."""
    if line.words[1] == "export":
        shutil.copytree(recorded, folder / "my_run")


@pytest.mark.parametrize("line", CHEAP, ids=ids(CHEAP))
def test_cheap_lines_run_from_a_clone(
    line: Typed, folder: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    bring(recorded, line, folder)
    words = [str(name) for word in shlex.split(line.text)[1:] for name in (sorted(Path().glob(word)) or [word])]
    assert main(words, Interrupts()) in (0, 1)


@pytest.mark.xdist_group("installed")
@pytest.mark.parametrize("line", CHEAP, ids=ids(CHEAP))
def test_cheap_lines_run_from_a_wheel(line: Typed, folder: Path, recorded: Path, installed: Installed) -> None:
    bring(recorded, line, folder)
    text = line.text.replace("spot-grasp", shlex.quote(str(installed.command)), 1)
    done = installed.run("bash", "-c", text, folder=folder)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.xdist_group("installed")
def test_what_an_error_says_to_type_fits_how_it_was_installed(installed: Installed, tmp_path: Path) -> None:
    script = "from perception.base import extras; [print(extras.install_line(e)) for e in ('', *extras.PACKAGES)]"
    done = installed.run(str(installed.python), "-c", script, folder=tmp_path)
    lines = done.stdout.splitlines()
    assert len(lines) == 1 + len(extras.PACKAGES), done.stderr
    for line in lines:
        start, _, asked = line.partition(" install ")
        assert start == f"{installed.python} -m pip"
        assert "constraints" not in asked
        assert "spot-grasp" not in asked
    assert "'bosdyn-client>=5.2'" in done.stdout
    for extra in extras.PACKAGES:
        words = shlex.split(extras.install_line(extra))
        assert words[-2] == "-e"
        assert words[-1].endswith(f"[{extra}]")
        assert Path(words[words.index("-c") + 1]).is_file() or Path.cwd() != ROOT


def test_pages_are_read() -> None:
    assert len(PAGES) > 8
