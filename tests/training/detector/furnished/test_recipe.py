"""The script that makes the detector again names commands and options that exist."""

from __future__ import annotations

import re
import subprocess

from tests.support.places import ROOT

SCRIPT = ROOT / "training/detector/furnished/recipe.sh"
OPTIONS_ELSEWHERE = {
    "app.commands.train.detector": ("training/detector/arguments.py", "training/heatmap/recipe_arguments.py")
}


def test_the_recipe_names_programs_and_options_that_exist() -> None:
    script = (
        SCRIPT.read_text()
        .replace("\\\n", " ")
        .replace("spot-grasp train detector", "python -m app.commands.train.detector")
    )
    commands = re.findall(r"^python -m ([\w.]+)(.*)$", script, re.MULTILINE)
    assert len(commands) == 13
    for module, arguments in commands:
        files = (f"{module.replace('.', '/')}.py", *OPTIONS_ELSEWHERE.get(module, ()))
        text = "".join((ROOT / file).read_text() for file in files).replace(
            "--{name}", "--robosuite --metaworld --pybullet --sweethome3d"
        )
        for option in re.findall(r"(--[a-z0-9-]+)", arguments):
            assert option in text, f"{module} has no {option}"


def test_the_recipe_is_a_sound_script() -> None:
    assert subprocess.run(["bash", "-n", SCRIPT], check=False).returncode == 0
