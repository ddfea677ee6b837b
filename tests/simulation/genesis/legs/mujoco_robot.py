"""The robot on legs in MuJoCo, behind the functions of a Genesis entity that a plant asks: physics without a start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import mujoco
import numpy as np

from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.genesis.legs.legs import Legs
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.settings import LegSettings
from simulation.robot_files.spot_model import ARM_JOINTS, JAW_JOINT, LEG_JOINTS, write_spot

DT = 0.005


@dataclass
class Tensor:
    values: Any

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return np.array(self.values, dtype=np.float64)


@dataclass
class Joint:
    name: str
    dofs_idx_local: list[int]
    qs_idx_local: list[int]


@dataclass
class Link:
    data: Any
    number: int

    def get_pos(self) -> Tensor:
        return Tensor(self.data.xpos[self.number])

    def get_quat(self) -> Tensor:
        return Tensor(self.data.xquat[self.number])


class MujocoEntity:
    """`data` is MuJoCo's own state, for pushes and loads. world_from_floor: a floor through the origin."""

    def __init__(self, folder: Path, world_from_floor: Pose) -> None:
        file = write_spot(folder, legs=True)
        root = ET.parse(file).getroot()
        ET.SubElement(root, "option", timestep=str(DT), cone="elliptic", impratio="100", integrator="implicitfast")
        motors = ET.SubElement(root, "actuator")
        for name in (*LEG_JOINTS, *ARM_JOINTS, JAW_JOINT):
            ET.SubElement(motors, "general", joint=name, biastype="affine", forcelimited="true", forcerange="-1 1")
        for joint in root.iter("joint"):
            joint.set("armature", joint.get("armature", "0.1"))
        for shape in root.iter("geom"):
            if shape.get("contype") == "1":  # it touches the floor, not itself
                shape.set("contype", "2")
        world = root.find("worldbody")
        assert world is not None
        turned = " ".join(str(value) for value in world_from_floor.quaternion_wxyz)
        ET.SubElement(world, "geom", type="plane", size="50 50 1", friction="0.8 0.005 0.0001", quat=turned)
        ET.ElementTree(root).write(file)
        self.model = model = mujoco.MjModel.from_xml_path(str(file))
        self.data = mujoco.MjData(model)
        self.joints = [
            Joint(
                model.joint(number).name,
                list(range(model.jnt_dofadr[number], model.jnt_dofadr[number] + (1 if number else 6))),
                list(range(model.jnt_qposadr[number], model.jnt_qposadr[number] + (1 if number else 7))),
            )
            for number in range(model.njnt)
        ]
        self.n_qs = model.nq
        self._motor = {int(model.jnt_dofadr[model.actuator_trnid[a, 0]]): a for a in range(model.nu)}

    def _motors(self, dofs: Any) -> list[int]:
        return [self._motor[dof] for dof in dofs]

    def get_link(self, name: str) -> Link:
        return Link(self.data, self.model.body(name).id)

    def set_dofs_kp(self, kp: Any, dofs: Any) -> None:
        self.model.actuator_gainprm[self._motors(dofs), 0] = kp
        self.model.actuator_biasprm[self._motors(dofs), 1] = -np.asarray(kp)

    def set_dofs_kv(self, kv: Any, dofs: Any) -> None:
        self.model.actuator_biasprm[self._motors(dofs), 2] = -np.asarray(kv)

    def set_dofs_force_range(self, low: Any, high: Any, dofs: Any) -> None:
        self.model.actuator_forcerange[self._motors(dofs)] = np.stack([low, high], axis=1)

    def set_qpos(self, qpos: Any, *, zero_velocity: bool) -> None:
        assert zero_velocity
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:] = qpos
        mujoco.mj_forward(self.model, self.data)

    def control_dofs_position_velocity(self, place: Any, rate: Any, dofs: Any) -> None:
        motors = self._motors(dofs)
        damping = -self.model.actuator_biasprm[motors, 2] / self.model.actuator_gainprm[motors, 0]
        self.data.ctrl[motors] = place + damping * rate

    def control_dofs_position(self, place: Any, dofs: Any) -> None:
        self.control_dofs_position_velocity(np.asarray(place), np.zeros(len(dofs)), dofs)

    def get_dofs_position(self) -> Tensor:
        return Tensor(np.concatenate([np.zeros(6), self.data.qpos[7:]]))

    def get_dofs_velocity(self) -> Tensor:
        return Tensor(self.data.qvel)

    def get_dofs_control_force(self) -> Tensor:
        return Tensor(self.data.qfrc_actuator)

    def get_vel(self) -> Tensor:
        return Tensor(self.data.qvel[:3])

    def get_ang(self) -> Tensor:
        return Tensor(self.data.xmat[self.model.body("body").id].reshape(3, 3) @ self.data.qvel[3:6])


class Yard:
    """A robot on legs on a floor. policy: of its gait, or None for one that only stands. slope_rad: of the floor, which
    rises ahead of it."""

    def __init__(self, folder: Path, policy: Any = None, slope_rad: float = 0.0) -> None:
        floor = Pose.from_rpy((0.0, -slope_rad, 0.0))
        self.entity = MujocoEntity(folder, floor)
        self.plant = LeggedPlant(self.entity, LegSettings())
        self.legs = Legs(self.plant, policy, LegSettings())
        self.legs.place(floor, np.array(spot_arm.READY))

    def run(self, seconds: float, motion: Any = None) -> None:
        """Let the time pass, or less if the motion ends before."""
        for _ in range(round(seconds / DT)):
            if motion is not None and not motion.running:
                return
            if motion is not None:
                motion.advance(DT)
            self.legs.step(DT)
            self.plant.apply()
            mujoco.mj_step(self.entity.model, self.entity.data)
            self.plant.measured()

    def push(self, impulse_ns: tuple[float, float, float]) -> None:
        """Push the body, N·s in the world."""
        self.entity.data.qvel[:3] += np.array(impulse_ns) / self.entity.model.body_mass.sum()
        self.plant.measured()

    def load(self, force_n: float) -> None:
        """Hang a weight on the wrist, newtons."""
        self.entity.data.xfrc_applied[self.entity.model.body("wr1").id, 2] = -force_n
