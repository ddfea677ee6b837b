"""`simulate --robot fake` and `run --robot spot` together: the shipped networks find and grip what the fake shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from behaviours.robots.spot.model import SPOT

pytest.importorskip("bosdyn.client")

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.simulate import SimulateOptions, steerable_robot
from app.parts.networks import networks
from behaviours.robots.fake.world import HAND_CAMERA, FakeWorld
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from perception.types import RgbdFrame
from tests.support.spot_api import spot

pytestmark = pytest.mark.slow


def frame_at(x_m: float, world: FakeWorld) -> RgbdFrame:
    body = Pose(np.eye(3), np.array([x_m, 0.15, 0.52]))
    pose = body @ spot_arm.forward(spot_arm.READY) @ SPOT.hand_from_camera
    return RgbdFrame(*world.render(pose), HAND_CAMERA, pose, 0.0)


@pytest.mark.parametrize("x_m", [0.0, 0.4, 0.9])
def test_the_shipped_detector_finds_the_fake_bottle_and_nothing_else(x_m: float) -> None:
    detector, _, _ = networks(None, None)
    world = FakeWorld(shaded=True)
    frame = frame_at(x_m, world)
    best, *others = detector.detect(frame, ["bottle"], 0.25)
    assert best.score > 0.5
    assert others == []
    middle = frame.world_from_camera.inverse().transform(world.bottle_m + np.array([0.0, 0.0, 0.1]))
    u, v = np.round(HAND_CAMERA.project(middle)).astype(int)
    assert best.mask[v, u]
    world.bottle_hidden = True
    assert detector.detect(frame_at(x_m, world), ["bottle"], 0.25) == []


def test_depth_and_colour_show_the_same_bottle_as_in_flat_colours() -> None:
    flat, lit = frame_at(0.9, FakeWorld()), frame_at(0.9, FakeWorld(shaded=True))
    bottle = (np.abs(flat.rgb.astype(int) - (230, 110, 20)).max(axis=-1) < 30) & (flat.depth < 1.0)
    rows = np.flatnonzero(bottle.any(axis=1))
    trunk = bottle.copy()
    trunk[: rows[0] + (rows[-1] - rows[0]) // 2] = False  # below the neck both are the same cylinder
    assert trunk.sum() > 1000
    assert np.quantile(np.abs(flat.depth - lit.depth)[trunk], 0.95) < 0.005


def test_a_whole_run_against_the_fake_through_grpc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with spot(steerable_robot(SimulateOptions(robot="fake")), speed=3.0) as server:
        monkeypatch.setenv("BOSDYN_CLIENT_USERNAME", server.username)
        monkeypatch.setenv("BOSDYN_CLIENT_PASSWORD", server.password)
        where = ["--hostname", "127.0.0.1", "--port", str(server.port), "--certificate", str(server.ca_file)]
        with Interrupts() as interrupts:
            code = main(
                ["run", "grasp_bottle", "--robot", "spot", *where, "--view", "none", "--record", str(tmp_path / "r")],
                interrupts,
            )
        result = json.loads((tmp_path / "r" / "result.json").read_text())
        assert code == 0, result
        assert result["status"] == "success"
        assert set(server.log.claw_torques()) == {3.0}
        assert server.world.snapshot.gripper.holding
        assert not server.machine.motors_on()  # left as it was found
