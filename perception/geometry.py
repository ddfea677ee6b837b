"""Rigid transforms. Names cancel: `world_from_hand = world_from_body @ body_from_hand`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
_EYE = np.eye(3)


def frozen_array(values: ArrayLike, shape: tuple[int, ...], what: str) -> Vector:
    """A read-only float64 copy of `values`; ValueError if its shape is not `shape` or it is not finite."""
    array = np.array(values, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{what} has shape {array.shape}, expected {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} is not finite: {array.tolist()}")
    array.setflags(write=False)
    return array


def unit(vector: ArrayLike) -> Vector:
    """The (3,) vector scaled to length 1; ValueError if it has no length."""
    array = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(array))
    if not length > 1e-12:
        raise ValueError(f"a vector of length {length} has no direction")
    return array / length


def wrapped_rad(angle_rad: float) -> float:
    """The same direction as an angle of -pi to pi."""
    return float((angle_rad + np.pi) % (2 * np.pi) - np.pi)


def rotation_from_quaternion(quaternion_wxyz: ArrayLike) -> Vector:
    """(3, 3) rotation of a (4,) quaternion of any length but zero."""
    w, x, y, z = unit(quaternion_wxyz)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_of(rotation: Vector) -> Vector:
    """(4,) unit quaternion (w, x, y, z), w >= 0, of a (3, 3) rotation.

    It is computed from its largest component, so as not to divide by a small number (Shepperd 1978).
    """
    r = rotation
    squares = 1 + np.array(
        [
            r[0, 0] + r[1, 1] + r[2, 2],
            r[0, 0] - r[1, 1] - r[2, 2],
            r[1, 1] - r[0, 0] - r[2, 2],
            r[2, 2] - r[0, 0] - r[1, 1],
        ]
    )
    products = np.array(
        [
            [squares[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], squares[1], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[0, 1] + r[1, 0], squares[2], r[1, 2] + r[2, 1]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], squares[3]],
        ]
    )
    quaternion = unit(products[int(np.argmax(squares))])
    return quaternion if quaternion[0] >= 0 else -quaternion


def rotation_vector(rotation: Vector) -> Vector:
    """(3,) axis times angle, radians, 0..pi, of a (3, 3) rotation."""
    w, *axis = quaternion_of(rotation)
    sine = float(np.linalg.norm(axis))
    return np.array(axis) * (2.0 if sine < 1e-12 else 2 * np.arctan2(sine, w) / sine)


def rotation_from_vector(vector: ArrayLike) -> Vector:
    """(3, 3) rotation about a (3,) axis by its length in radians; the inverse of `rotation_vector`."""
    half = np.asarray(vector, dtype=np.float64) / 2
    angle = float(np.linalg.norm(half))
    return rotation_from_quaternion([np.cos(angle), *(half * np.sinc(angle / np.pi))])


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid transform `a_from_b`: maps points given in frame b to frame a.

    rotation: (3, 3) float64, orthonormal, determinant +1. position_m: (3,) metres, origin of b seen in a.
    ValueError if the rotation is not one (tolerance 1e-5).
    """

    rotation: Vector
    position_m: Vector

    def __post_init__(self) -> None:
        rotation = frozen_array(self.rotation, (3, 3), "Pose.rotation")
        off = np.abs(rotation @ rotation.T - _EYE).max()
        if not off <= 1e-5 or np.linalg.det(rotation) < 0:
            raise ValueError(f"Pose.rotation is not a rotation matrix: {rotation.tolist()}")
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "position_m", frozen_array(self.position_m, (3,), "Pose.position_m"))

    @classmethod
    def identity(cls) -> Pose:
        """No rotation and no translation."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, quaternion_wxyz: ArrayLike, position_m: ArrayLike = (0.0, 0.0, 0.0)) -> Pose:
        """quaternion_wxyz: (4,), w first. position_m: (3,) metres."""
        return cls(rotation_from_quaternion(quaternion_wxyz), np.asarray(position_m, dtype=np.float64))

    @classmethod
    def from_rpy(cls, rpy_rad: ArrayLike, position_m: ArrayLike = (0.0, 0.0, 0.0)) -> Pose:
        """Roll, pitch, yaw in radians about the fixed x, y, z axes, in this order (the URDF convention)."""
        roll, pitch, yaw = (
            rotation_from_vector(np.eye(3)[axis] * angle) for axis, angle in enumerate(np.asarray(rpy_rad))
        )
        return cls(yaw @ pitch @ roll, np.asarray(position_m, dtype=np.float64))

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Pose:
        """From a (4, 4) homogeneous matrix. ValueError if its rotation is none."""
        array = np.asarray(matrix, dtype=np.float64)
        return cls(array[:3, :3], array[:3, 3])

    @property
    def quaternion_wxyz(self) -> Vector:
        """(4,) unit quaternion, w >= 0."""
        return quaternion_of(self.rotation)

    @property
    def rpy_rad(self) -> Vector:
        """(3,) roll, pitch, yaw in radians, the inverse of `from_rpy`."""
        r = self.rotation
        level = float(np.hypot(r[2, 1], r[2, 2]))
        if level < 1e-9:  # straight up or down: roll and yaw are one, which goes to the yaw
            return np.array([0.0, np.arctan2(-r[2, 0], level), np.arctan2(-r[0, 1], r[1, 1])])
        return np.array([np.arctan2(r[2, 1], r[2, 2]), np.arctan2(-r[2, 0], level), np.arctan2(r[1, 0], r[0, 0])])

    @property
    def yaw_rad(self) -> float:
        """Heading of the x axis in the xy plane, radians."""
        return float(np.arctan2(self.rotation[1, 0], self.rotation[0, 0]))

    def matrix(self) -> Vector:
        """The (4, 4) homogeneous matrix."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = self.position_m
        return matrix

    def inverse(self) -> Pose:
        """The pose of frame a in frame b."""
        return Pose(self.rotation.T, -self.rotation.T @ self.position_m)

    def transform(self, points_m: ArrayLike) -> Vector:
        """(..., 3) points in frame b to (..., 3) points in frame a, metres."""
        return np.asarray(points_m, dtype=np.float64) @ self.rotation.T + self.position_m

    def __matmul__(self, other: Pose) -> Pose:
        rotation = self.rotation @ other.rotation
        rotation = rotation @ (3 * _EYE - rotation.T @ rotation) / 2  # Newton's step to the polar factor: long
        return Pose(rotation, self.rotation @ other.position_m + self.position_m)  # products stay orthonormal

    def distance_m(self, other: Pose) -> float:
        """The distance between the two positions, metres."""
        return float(np.linalg.norm(self.position_m - other.position_m))

    def angle_rad(self, other: Pose) -> float:
        """The smallest rotation angle between the two orientations, radians, 0..pi."""
        return float(np.linalg.norm(rotation_vector(self.rotation.T @ other.rotation)))

    def towards(self, other: Pose, fraction: float) -> Pose:
        """The pose a fraction 0..1 of the way to another: straight in position, evenly about one axis in rotation."""
        turn = rotation_from_vector(fraction * rotation_vector(self.rotation.T @ other.rotation))
        return Pose(self.rotation @ turn, self.position_m + fraction * (other.position_m - self.position_m))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pose):
            return NotImplemented
        same = np.array_equal(self.rotation, other.rotation) and np.array_equal(self.position_m, other.position_m)
        return bool(same)

    __hash__ = None  # type: ignore[assignment]  # compares arrays

    def __repr__(self) -> str:
        x, y, z = self.position_m
        r, p, h = self.rpy_rad
        return f"Pose(xyz_m=({x:.4f}, {y:.4f}, {z:.4f}), rpy_rad=({r:.4f}, {p:.4f}, {h:.4f}))"


def looking_along(place_m: ArrayLike, direction: ArrayLike, up: ArrayLike = (0.0, 0.0, 1.0)) -> Pose:
    """world_from_camera, optical axes, at a place (3,) looking along a direction (3,), the picture's top towards `up`.

    ValueError if the direction has no length or is that of `up`.
    """
    forward = unit(direction)
    right = unit(np.cross(forward, np.asarray(up, np.float64)))
    return Pose(np.stack([right, np.cross(forward, right), forward], axis=1), np.asarray(place_m, np.float64))
