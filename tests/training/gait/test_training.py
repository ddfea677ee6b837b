"""A gait policy is improved for seconds: what is written can be read, and has learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perception.base.files import read_text
from training.gait.card import policy_sha256
from training.gait.improve import Course, improve, write_card
from training.gait.network import Student, read_chain, write_chain
from training.gait.ppo import PpoSettings

pytestmark = [pytest.mark.simulation, pytest.mark.slow]


def test_a_policy_is_improved(tmp_path: Path) -> None:
    pytest.importorskip("genesis")
    first = Student((16, 8), seed=1, rate=1e-3).chain()
    start = write_chain(first, tmp_path / "start.onnx", {"task": "gait"})
    course, settings = Course(minutes=0.05, envs=4, steps=5, critic_alone=1, rate=1e-3), PpoSettings(batch=8)
    rounds = improve(first, tmp_path, course, settings)
    write_card(tmp_path, start, course, settings, rounds)
    assert len(rounds) > 1
    assert rounds[0]["kl"] == 0.0 < rounds[1]["kl"]
    better = read_chain(tmp_path / "gait.onnx")
    told = np.random.default_rng(0).normal(size=(3, 84)).astype(np.float32)
    assert np.abs(better(told) - first(told)).max() > 0
    assert policy_sha256(start) in read_text(tmp_path / "gait.md", "card", 10_000)
