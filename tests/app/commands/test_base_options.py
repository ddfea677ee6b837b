"""What moves the body of a simulated robot: --base and --gait of `run` and `simulate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.simulate import SimulateOptions, steerable_robot
from app.parts.genesis import base_of
from perception.base.errors import ConfigError


def test_rails_need_nothing_and_take_no_policy() -> None:
    assert base_of(None, None) == base_of("rails", None) == {}
    for base in (None, "rails"):
        with pytest.raises(ConfigError, match="--gait: only legs walk by a policy; add --base legs"):
            base_of(base, "judo")  # type: ignore[arg-type]


def test_legs_walk_by_the_policy_that_is_named() -> None:
    assert base_of("legs", "my.onnx") == {"base": "legs", "gait": Path("my.onnx")}
    with pytest.raises(ConfigError, match=r"--gait judo: .* not installed; type `pip install --no-deps judo-rai"):
        base_of("legs", "judo")


@pytest.mark.parametrize("option", ["base", "gait"])
def test_the_fake_has_neither(option: str) -> None:
    with pytest.raises(ConfigError, match=f"--{option}: not for --robot fake"):
        steerable_robot(SimulateOptions(robot="fake", **{option: "legs"}))  # type: ignore[arg-type]
