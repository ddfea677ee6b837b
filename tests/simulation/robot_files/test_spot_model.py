"""The Spot written from numbers, read back by MuJoCo: kinematics, masses, contacts."""

from pathlib import Path

import numpy as np
import pytest

from behaviours.robots.spot.arm import CARRY, HAND_FROM_WRIST_X_M, LOWER, READY, STOW, UPPER, forward
from simulation.genesis.walking.gait import leg_ik
from simulation.robot_files.spot_model import (
    ARM_JOINTS,
    BASE_JOINTS,
    FOOT_RADIUS_M,
    GAINS,
    JAW_JOINT,
    LEG_JOINTS,
    write_free_gripper,
    write_spot,
)

mujoco = pytest.importorskip("mujoco")


@pytest.fixture(scope="module")
def spot_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_spot(tmp_path_factory.mktemp("spot"))


@pytest.fixture(scope="module")
def model(spot_file: Path):
    return mujoco.MjModel.from_xml_path(str(spot_file))


def posed(model, **angles: float):
    """MjData with these joints set and the rest at 0."""
    data = mujoco.MjData(model)
    for name, value in angles.items():
        data.joint(name).qpos[0] = value
    mujoco.mj_forward(model, data)
    return data


def test_the_hand_is_where_the_arm_s_kinematics_say(model) -> None:
    rng = np.random.default_rng(0)
    for angles in [*rng.uniform(LOWER, UPPER, (50, 6)), np.array(STOW), np.array(READY)]:
        wrist = posed(model, **dict(zip(ARM_JOINTS, angles, strict=True))).body("wr1")
        rotation = wrist.xmat.reshape(3, 3)
        expected = forward(angles)
        assert np.allclose(wrist.xpos + HAND_FROM_WRIST_X_M * rotation[:, 0], expected.position_m, atol=1e-4)
        assert np.allclose(rotation, expected.rotation, atol=1e-4)


def test_limits_are_those_of_the_arm(model) -> None:
    ranges = np.array([model.joint(name).range for name in ARM_JOINTS])
    assert np.allclose(ranges, np.stack([LOWER, UPPER], axis=1), atol=1e-4)


def test_masses_are_those_of_the_description(model) -> None:
    arm = 2.596 + 1.45 + 0.98 + 0.785 + 0.20
    assert model.body_mass.sum() == pytest.approx(32.86 + 4 * (1.68 + 2.34 + 0.35) + arm, abs=1e-6)
    assert model.body("fngr").mass[0] == pytest.approx(0.20)


def test_every_joint_has_a_gain_and_every_gain_a_joint(model) -> None:
    names = {model.joint(i).name for i in range(model.njnt)}
    assert names == set(GAINS) == {*BASE_JOINTS, *LEG_JOINTS, *ARM_JOINTS, JAW_JOINT}


def test_the_base_joints_move_the_body_in_world_axes(model) -> None:
    body = posed(model, base_x=1.0, base_y=-2.0, base_z=0.5, base_yaw=np.pi / 2).body("body")
    assert np.allclose(body.xpos, [1.0, -2.0, 0.5])
    assert np.allclose(body.xmat.reshape(3, 3)[:, 0], [0, 1, 0], atol=1e-9)


def test_standing_feet_are_on_the_floor(model) -> None:
    for height in (0.46, 0.52, 0.56):
        angles = leg_ik(0.0, 0.0, FOOT_RADIUS_M - height)
        data = posed(model, base_z=height, **dict(zip(LEG_JOINTS, angles * 4, strict=True)))
        for leg in ("fl", "fr", "hl", "hr"):
            lower = data.body(f"{leg}_lleg")
            foot = lower.xpos + lower.xmat.reshape(3, 3) @ [0, 0, -0.3365]
            assert foot[2] == pytest.approx(FOOT_RADIUS_M, abs=0.002)


@pytest.mark.parametrize("pose", [STOW, READY, CARRY])
@pytest.mark.parametrize("jaw", [0.0, -1.5])
def test_the_arm_does_not_touch_the_robot_in_its_named_poses(model, pose: tuple[float, ...], jaw: float) -> None:
    data = posed(model, **dict(zip(ARM_JOINTS, pose, strict=True)), f1x=jaw)
    pairs = {tuple(sorted(model.body(model.geom_bodyid[g]).name for g in contact.geom)) for contact in data.contact}
    assert pairs <= {("fngr", "wr1")}


def test_legs_have_no_contact(model) -> None:
    legs = {i for i in range(model.nbody) if model.body(i).name[:3] in ("fl_", "fr_", "hl_", "hr_")}
    assert len(legs) == 12
    assert all(not model.geom_contype[g] for g in range(model.ngeom) if model.geom_bodyid[g] in legs)


def test_the_free_gripper_s_wrist_follows_its_joints(tmp_path: Path) -> None:
    model = mujoco.MjModel.from_xml_path(str(write_free_gripper(tmp_path)))
    wrist = posed(model, base_x=0.1, base_z=0.2, base_roll=np.pi / 2).body("wr1")
    assert np.allclose(wrist.xpos, [0.1, 0, 0.2])
    assert np.allclose(wrist.xmat.reshape(3, 3)[:, 1], [0, 0, 1], atol=1e-9)
