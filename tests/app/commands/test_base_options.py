"""What moves the body of a simulated robot: --base and --gait of `run` and `simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.commands.simulate import SimulateOptions, steerable_robot
from app.parts.genesis import policy_of
from perception.base.errors import ConfigError
from simulation.genesis.legs.gait_file import OWN


def test_a_robot_walks_on_legs_unless_it_is_told_otherwise() -> None:
    pytest.importorskip("genesis")
    assert [steerable_robot(SimulateOptions(base=base)).on_legs for base in (None, "legs", "rails")] == [
        True,
        True,
        False,
    ]


def test_a_robot_file_of_ones_own_has_rails_alone(tmp_path: Path) -> None:
    pytest.importorskip("genesis")
    from simulation.genesis.robot import GenesisRobot

    assert not GenesisRobot(robot_file=tmp_path / "mine.urdf").on_legs


@pytest.mark.parametrize("of_rails", [{"base": "rails"}, {"robot_file": Path("mine.urdf")}])
def test_rails_take_no_policy(of_rails: Any) -> None:
    pytest.importorskip("genesis")
    from simulation.genesis.robot import GenesisRobot

    with pytest.raises(ConfigError, match=r"--gait .*: a body on rails needs no policy; leave it out"):
        GenesisRobot(gait=OWN, **of_rails)


def test_legs_walk_by_the_policy_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)  # even where the package is there
    assert policy_of(None) is None
    assert policy_of("my.onnx") == Path("my.onnx")
    with pytest.raises(ConfigError, match=r"--gait judo: .* not installed; type `pip install --no-deps judo-rai"):
        policy_of("judo")


@pytest.mark.parametrize("option", ["base", "gait"])
def test_the_fake_has_neither(option: str) -> None:
    with pytest.raises(ConfigError, match=f"--{option}: not for --robot fake"):
        steerable_robot(SimulateOptions(robot="fake", **{option: "legs"}))  # type: ignore[arg-type]
