"""The gait policy: what it is told and what it answers, as numbers.

Networks of the public Spot policy's form (judo-rai 0.1.0) fit: 84 inputs and 12 outputs, 50 times a second. Joints are
listed by leg here (front left, front right, hind left, hind right; hx, hy, kn each) and in the network by kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Vector
from perception.networks.onnx_session import VectorSession

Array = NDArray[np.float64]

INPUTS: Final = 84
OUTPUTS: Final = 12
EVERY_S: Final = 0.02
"""Between two answers of the policy."""
SCALE_RAD: Final = 0.2
"""Of an answer: the joint's target is its default plus this times the answer."""
DEFAULT_LEGS: Final = np.array([0.12, 0.5, -1.0, -0.12, 0.5, -1.0] * 2)
DEFAULT_JOINTS: Final = np.array([*DEFAULT_LEGS, 0.0, -0.9, 1.8, 0.0, -0.9, 0.0, -1.54])
"""(19,) legs, arm and jaw."""
PLACE_OF_JOINT: Final = np.array([1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14, 0, 5, 10, 15, 16, 17, 18])
"""(19,) where each joint stands among the network's inputs."""
JOINT_OF_ANSWER: Final = np.array([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
"""(12,) the leg joint that each answer is for."""
TORSO: Final = (0.0, 0.0, 0.52)
"""Roll, pitch (radians) and height (metres) that the body is asked to have."""


@dataclass(frozen=True)
class GaitState:
    """What the policy is told of a robot, or of many: then each has a first axis. Body frame, SI units and radians.

    velocity_mps, rates_radps: (3,) of the body. down: (3,) unit vector of gravity. command: (3,) velocity ahead, to the
    left and of the turn that is wanted. arm_target: (7,) joints of arm and jaw as they are driven. joints, joint_rates:
    (19,) of legs, arm and jaw. last: (12,) the policy's last answer.
    """

    velocity_mps: Vector
    rates_radps: Vector
    down: Vector
    command: Vector
    arm_target: Vector
    joints: Vector
    joint_rates: Vector
    last: Vector


def observation(state: GaitState) -> NDArray[np.float32]:
    """(..., 84) input of the network."""
    joints, rates = np.empty(state.joints.shape), np.empty(state.joints.shape)
    joints[..., PLACE_OF_JOINT] = state.joints - DEFAULT_JOINTS
    rates[..., PLACE_OF_JOINT] = state.joint_rates
    robots = state.joints.shape[:-1]
    asked = np.zeros((*robots, 12)), np.broadcast_to(TORSO, (*robots, 3))
    parts = state.velocity_mps, state.rates_radps, state.down, state.command, state.arm_target, *asked
    return np.concatenate([*parts, joints, rates, state.last], axis=-1).astype(np.float32)


def leg_targets(answer: Array) -> Array:
    """(..., 12) targets of the leg joints, radians, that the network's answer (..., 12) asks for."""
    targets = np.broadcast_to(DEFAULT_LEGS, answer.shape).copy()
    targets[..., JOINT_OF_ANSWER] += SCALE_RAD * answer
    return targets


def answer_for(targets: Array) -> Array:
    """(12,) the answer that asks for leg targets (12,); the inverse of `leg_targets`."""
    return np.asarray((targets - DEFAULT_LEGS)[JOINT_OF_ANSWER] / SCALE_RAD)


class GaitPolicy:
    """A policy in a file. ModelError if the file is no network of this form."""

    def __init__(self, path: Path) -> None:
        self._session = VectorSession(path, "gait", inputs=INPUTS, outputs=OUTPUTS)

    def answer(self, state: GaitState) -> Array:
        """(12,) the network's answer."""
        return self._session.run(observation(state)).astype(np.float64)
