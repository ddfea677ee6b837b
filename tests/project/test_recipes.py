"""The files that the recipes tell people to copy: they parse, and the commands in them are ours and exist."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
import yaml

from app.commands.dispatch import build_parser
from tests.project.typed_lines import Block, blocks
from tests.support.places import ROOT

FILES = {block.file: block for block in blocks("yaml", "dockerfile")}


def scripts(value: Any) -> list[str]:
    """Every text below the keys in which both services keep commands."""
    if isinstance(value, list):
        return [text for item in value for text in scripts(item)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, inner in value.items():
        if key in ("run", "script", "before_script"):
            found += [inner] if isinstance(inner, str) else inner
        else:
            found += scripts(inner)
    return found


def commands(block: Block) -> list[str]:
    if block.language == "yaml":
        return scripts(yaml.safe_load(block.text))
    return re.findall(r"^RUN (.*)$", re.sub(r"\\\n", " ", block.text), re.M)


def test_there_is_a_file_to_copy_for_each() -> None:
    assert set(FILES) == {".github/workflows/trees.yml", ".gitlab-ci.yml", "Dockerfile"}


@pytest.mark.parametrize("name", FILES)
def test_only_test_and_check_are_called_with_options_that_they_have(name: str) -> None:
    lines = [part.strip() for text in commands(FILES[name]) for part in re.split(r"&&|\n", text) if part.strip()]
    ours = [shlex.split(line) for line in lines if line.startswith("spot-grasp ")]
    assert {words[1] for words in ours} <= {"test", "check"}
    assert any(words[1] == "test" for words in ours)
    for words in ours:
        build_parser().parse_args(words[1:])  # SystemExit for an option that there is not
    others = {line.split()[0] for line in lines if not line.startswith("spot-grasp ")}
    assert others <= {"pip", "sudo", "apt-get", "rm", "python3"}


@pytest.mark.parametrize("name", FILES)
def test_results_are_kept_also_of_a_job_that_fails(name: str) -> None:
    text = FILES[name].text
    if name != "Dockerfile":
        assert text.count("--junit") == 2
        assert text.count("if: always()") + text.count("when: always") == 2


def test_a_workflow_has_its_jobs_and_steps() -> None:
    workflow = yaml.safe_load(FILES[".github/workflows/trees.yml"].text)
    assert workflow["on"] == ["push", "pull_request"]
    for job in workflow["jobs"].values():
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    pipeline = yaml.safe_load(FILES[".gitlab-ci.yml"].text)
    assert [pipeline[stage]["stage"] for stage in pipeline["stages"]] == ["cases", "seeds"]


def test_the_image_has_the_system_packages_and_known_instructions() -> None:
    text = re.sub(r"^#.*\n", "", re.sub(r"\\\n", " ", FILES["Dockerfile"].text), flags=re.M)
    words = {line.split()[0] for line in text.splitlines() if line.strip()}
    assert words == {"FROM", "RUN", "ENV", "ARG", "COPY", "WORKDIR", "CMD"}
    needed = (ROOT / ".ci/system-packages").read_text()
    packages = " ".join(re.findall(r"^(?:needed|wanted)=\(([^)]*)\)", needed, re.M)).split()
    assert set(packages) <= set(text.split())
    assert json.loads(text.split("CMD ")[1]) == ["spot-grasp", "test", "--help"]
