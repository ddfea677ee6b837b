"""Rigid transforms. Names cancel: `world_from_hand = world_from_body @ body_from_hand`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

Vector = NDArray[np.float64]


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


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid transform `a_from_b`: maps points given in frame b to frame a.

    rotation: (3, 3) float64, orthonormal, determinant +1. position_m: (3,) metres, origin of b seen in a.
    ValueError if the rotation is not one (tolerance 1e-6).
    """

    rotation: Vector
    position_m: Vector

    def __post_init__(self) -> None:
        rotation = frozen_array(self.rotation, (3, 3), "Pose.rotation")
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) or np.linalg.det(rotation) < 0:
            raise ValueError(f"Pose.rotation is not a rotation matrix: {rotation.tolist()}")
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "position_m", frozen_array(self.position_m, (3,), "Pose.position_m"))

    @classmethod
    def identity(cls) -> Pose:
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, quaternion_wxyz: ArrayLike, position_m: ArrayLike = (0.0, 0.0, 0.0)) -> Pose:
        w, x, y, z = np.asarray(quaternion_wxyz, dtype=np.float64)
        return cls(Rotation.from_quat([x, y, z, w]).as_matrix(), np.asarray(position_m, dtype=np.float64))

    @classmethod
    def from_rpy(cls, rpy_rad: ArrayLike, position_m: ArrayLike = (0.0, 0.0, 0.0)) -> Pose:
        """Roll, pitch, yaw in radians about the fixed x, y, z axes, in this order (the URDF convention)."""
        matrix = Rotation.from_euler("xyz", np.asarray(rpy_rad, dtype=np.float64)).as_matrix()
        return cls(matrix, np.asarray(position_m, dtype=np.float64))

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Pose:
        """From a (4, 4) homogeneous matrix; the rotation is made orthonormal within 1e-6."""
        array = np.asarray(matrix, dtype=np.float64)
        return cls(array[:3, :3], array[:3, 3])

    @property
    def quaternion_wxyz(self) -> Vector:
        """(4,) unit quaternion, w >= 0."""
        x, y, z, w = Rotation.from_matrix(self.rotation).as_quat(canonical=True)
        return np.array([w, x, y, z])

    @property
    def rpy_rad(self) -> Vector:
        """(3,) roll, pitch, yaw in radians, the inverse of `from_rpy`."""
        return np.asarray(Rotation.from_matrix(self.rotation).as_euler("xyz"))

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
        return Pose(self.rotation.T, -self.rotation.T @ self.position_m)

    def transform(self, points_m: ArrayLike) -> Vector:
        """(..., 3) points in frame b to (..., 3) points in frame a, metres."""
        return np.asarray(points_m, dtype=np.float64) @ self.rotation.T + self.position_m

    def __matmul__(self, other: Pose) -> Pose:
        rotation = self.rotation @ other.rotation
        u, _, vt = np.linalg.svd(rotation)  # keeps long products orthonormal
        return Pose(u @ vt, self.rotation @ other.position_m + self.position_m)

    def distance_m(self, other: Pose) -> float:
        return float(np.linalg.norm(self.position_m - other.position_m))

    def angle_rad(self, other: Pose) -> float:
        """The smallest rotation angle between the two orientations, radians, 0..pi."""
        return float(Rotation.from_matrix(self.rotation.T @ other.rotation).magnitude())

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
