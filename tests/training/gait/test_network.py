"""Policies as chains: what is read, trained and written answers as the file does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perception.base.errors import ConfigError
from perception.networks.onnx_session import VectorSession
from simulation.genesis.legs.policy import INPUTS, OUTPUTS
from tests.simulation.genesis.legs.test_laws import network
from training.gait.network import Student, read_chain, write_chain

RNG = np.random.default_rng(0)
TOLD = RNG.normal(3.0, 2.0, (64, INPUTS)).astype(np.float32)


def test_a_trained_network_answers_the_same_as_the_file_that_is_written_and_read(tmp_path: Path) -> None:
    student = Student((32, 16), seed=0, rate=1e-3)
    student.scale(TOLD)
    student.train(TOLD, RNG.normal(size=(64, OUTPUTS)).astype(np.float32), np.arange(64), 16, 1e-3)
    chain = student.chain()
    file = write_chain(chain, tmp_path / "gait.onnx", {"task": "gait"})
    session = VectorSession(file, "gait", inputs=INPUTS, outputs=OUTPUTS)
    answers = chain(TOLD)
    assert np.stack([session.run(row) for row in TOLD]) == pytest.approx(answers, abs=1e-5)
    assert read_chain(file)(TOLD) == pytest.approx(answers, abs=1e-6)
    assert read_chain(file).parameters == 84 * 32 + 32 + 32 * 16 + 16 + 16 * 12 + 12


def test_a_policy_goes_on_learning_from_where_it_was() -> None:
    teacher, start = Student((16,), seed=1, rate=1e-3).chain(), Student((32, 16), seed=3, rate=1e-3).chain()
    student = Student(start.widths, seed=2, rate=1e-3)
    student.scale(TOLD, start)
    assert student.chain()(TOLD) == pytest.approx(start(TOLD), abs=1e-5)
    wanted = teacher(TOLD)
    student.train(TOLD, wanted, np.tile(np.arange(64), 20), 32, 1e-3)
    assert np.abs(student.chain()(TOLD) - wanted).mean() < np.abs(start(TOLD) - wanted).mean()


def test_a_student_learns_its_teacher() -> None:
    teacher, student = Student((16,), seed=1, rate=1e-3).chain(), Student((32,), seed=2, rate=1e-2)
    student.scale(TOLD)
    wanted = teacher(TOLD)

    def gap() -> float:
        return float(np.abs(student.chain()(TOLD) - wanted).mean())

    before = gap()
    student.train(TOLD, wanted, np.tile(np.arange(64), 200), 32, 1e-2)
    assert gap() < 0.2 * before


def test_a_network_that_is_no_chain_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a chain of Gemm and Elu from 84 to 12 numbers"):
        read_chain(network(tmp_path / "product.onnx", INPUTS, OUTPUTS))
