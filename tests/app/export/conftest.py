"""One recorded run for all tests of a process: a bottle is gripped at the second attempt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import behaviours
from app.export.story import Moment, Story, moments
from behaviours import Recording
from behaviours.robots.fake.robot import FakeRobot, FakeScript


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("runs") / "bottle"
    return behaviours.run("grasp_bottle", FakeRobot(FakeScript(misses=1)), out=folder)


@pytest.fixture(scope="session")
def told(recording: Recording) -> list[Moment]:
    """The moments of the run."""
    story = Story(recording.path.parent, recording.nodes)
    told = list(moments(recording, story))
    assert not story.trouble
    return told


@pytest.fixture
def copy(recording: Recording, tmp_path: Path) -> Path:
    """The run folder, for a test that damages it."""
    return Path(shutil.copytree(recording.path.parent, tmp_path / "damaged"))
