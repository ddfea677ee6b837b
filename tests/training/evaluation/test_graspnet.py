"""Contact-GraspNet's forward pass with weights made up here, and what is told where its own are not installed."""

from __future__ import annotations

import importlib.machinery
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from perception.base.errors import ConfigError
from tests.support.synthetic import Cylinder, camera_at, render
from training.evaluation.methods import graspnet, pointnet
from training.evaluation.methods.graspnet import ContactGraspNet
from training.evaluation.methods.interface import Look
from training.evaluation.methods.make import make_methods
from training.evaluation.methods.pointnet import MAX_WIDTH_M, PointNet

ABSTRACTIONS = (
    ((3, 32, 32, 64), (3, 64, 64, 128), (3, 64, 96, 128)),
    ((323, 64, 64, 128), (323, 128, 128, 256), (323, 128, 128, 256)),
    ((643, 64, 64, 128), (643, 128, 128, 256), (643, 128, 128, 256)),
)
SPREADS = ((1280, 256, 256), (896, 256, 128), (448, 128, 128, 128))
HEADS = (1, 3, 3, 1)
ROOM = np.array([[-0.15, -0.15, 0.45], [0.15, 0.15, 0.75]])


def weights(seed: int = 0) -> dict[str, Any]:
    """Of the network's sizes, at random."""
    generator = torch.Generator().manual_seed(seed)
    made: dict[str, Any] = {}

    def linear(name: str, inputs: int, outputs: int) -> None:
        made[f"{name}.weight"] = torch.randn(outputs, inputs, generator=generator) / inputs**0.5
        made[f"{name}.bias"] = 0.1 * torch.randn(outputs, generator=generator)

    def norm(name: str, size: int) -> None:
        made[f"{name}.weight"], made[f"{name}.bias"] = torch.ones(size), torch.zeros(size)
        made[f"{name}.running_mean"], made[f"{name}.running_var"] = torch.zeros(size), torch.ones(size)

    def layers(name: str, sizes: tuple[int, ...]) -> None:
        for number in range(len(sizes) - 1):
            linear(f"{name}.{number}.0", sizes[number], sizes[number + 1])
            norm(f"{name}.{number}.2", sizes[number + 1])

    for level, radii in enumerate(ABSTRACTIONS):
        for number, sizes in enumerate(radii):
            layers(f"set_abstract_msg.{level}.{number}.conv.local_nn", sizes)
    for step, sizes in enumerate(SPREADS):
        layers(f"feat_prop.{step}.nn", sizes)
    for head, size in enumerate(HEADS):
        linear(f"multihead.{head}.0", 131, 128)
        norm(f"multihead.{head}.1", 128)
        linear(f"multihead.{head}.3", 128, size)
    return made


def test_each_contact_has_a_grasp_with_directions_at_right_angles() -> None:
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (600, 3)).astype(np.float32)
    contacts, chance, across, approach, width = PointNet(weights())(points)
    assert contacts.shape == across.shape == approach.shape == (600, 3)
    known = {tuple(point) for point in points.astype(np.float64).round(6)}
    assert {tuple(point) for point in contacts.round(6)} <= known
    assert len({tuple(point) for point in contacts}) == 600
    assert ((chance > 0) & (chance < 1)).all()
    assert chance.std() > 1e-3
    assert np.linalg.norm(across, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(approach, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.abs((across * approach).sum(axis=1)).max() < 1e-5
    assert ((width >= 0) & (width <= MAX_WIDTH_M)).all()


def test_few_points_are_all_contacts_and_the_answer_is_the_same_again() -> None:
    network = PointNet(weights())
    few = np.random.default_rng(1).uniform(-0.05, 0.05, (40, 3)).astype(np.float32)
    contacts, chance, *_ = network(few)
    assert len(contacts) == 40
    again = network(few)
    assert np.array_equal(again[1], chance)


def test_grasps_of_the_network_are_carried_over_and_free(monkeypatch: pytest.MonkeyPatch) -> None:
    view = render(Cylinder(height=0.1), camera_at((0.0, -0.52, 0.8), (0.0, 0.0, 0.5)), support_half_m=0.3)

    def pretended(points: Any) -> Any:
        """A grasp straight down across the cylinder, at the point of its rim that is furthest to the left; others
        hang in the support."""
        up = points[:, 2] > points[:, 2].max() - 0.004
        rim = np.flatnonzero(up)[np.argmin(points[up][:, 0])]
        contacts = points[[rim, int(np.argmin(points[:, 2]))]].astype(np.float64)
        down, right = np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0])
        return contacts, np.array([0.8, 0.9]), np.array([right, right]), np.array([down, down]), np.array([0.066, 0.05])

    monkeypatch.setattr(graspnet, "installed_weights", dict)
    method = ContactGraspNet()
    monkeypatch.setattr(method, "_network", pretended)
    proposals = method(Look(view.frame(), (), ROOM), np.random.default_rng(0))
    (grasp,) = proposals.grasps
    assert grasp.score == 0.8
    assert grasp.world_from_hand.rotation[:, 0] == pytest.approx([0.0, 0.0, -1.0])
    middle = grasp.world_from_hand.inverse().transform(np.array([0.0, 0.0, 0.6]))
    assert middle == pytest.approx([0.015, 0.0, 0.013], abs=0.006)
    assert set(proposals.seconds) == {"network", "collisions"}


def test_without_the_package_it_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointnet, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"graspnet needs the weights of the package cgn-pytorch: .*--no-deps"):
        make_methods(("graspnet",), None, None)


def test_other_weights_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkpoints").mkdir()
    spec = importlib.machinery.ModuleSpec("cgn_pytorch", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(pointnet, "find_spec", lambda name: spec)
    with pytest.raises(ConfigError, match="no such file"):
        make_methods(("graspnet",), None, None)
    torch.save({"state_dict": weights()}, tmp_path / "checkpoints" / "current.pth")
    with pytest.raises(ConfigError, match=r"not the weights of cgn-pytorch 0\.4\.3"):
        make_methods(("graspnet",), None, None)
