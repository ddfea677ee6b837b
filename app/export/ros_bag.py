"""A run as a ROS 2 bag. The only file that knows rosbags."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.export.items import Box, Camera, Item, Joints, Mesh, Number, Picture, Record, Status, Transform, Words
from perception.base.extras import require, unusable
from perception.base.plain_json import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.export.story import Moment

VERSION: Final = 9
LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
SEEN_RGBA: Final = (1.0, 0.55, 0.0, 0.5)
RAW: Final = {"depth": "16UC1", "quality": "16UC1", "mask": "mono8"}
"""Encodings of the pictures that are numbers."""
CUBE, TRIANGLES = 1, 11
_NONE: Final = np.zeros(0)


def write_rosbag(out: Path, moments: Iterable[Moment], title: str) -> None:
    """Make the folder of a bag with SQLite storage, which every ROS 2 reads. title: of the run. ConfigError without
    rosbags."""
    require("--format rosbag2", "rosbag")
    try:
        from rosbags.rosbag2 import Writer
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise unusable("--format rosbag2", "rosbag", error) from error
    with Writer(out, version=VERSION) as writer:
        writer.set_custom_data("title", title)
        bag = _Bag(writer, get_typestore(Stores.ROS2_HUMBLE))
        for time_s, item in moments:
            bag.write(time_s, item)


class _Bag:
    """Connections are made when they are first needed."""

    def __init__(self, writer: Any, store: Any) -> None:
        self._writer, self._store = writer, store
        self._connections: dict[str, Any] = {}
        self._markers: dict[str, int] = {}

    def write(self, time_s: float, item: Item) -> None:
        now = _nanoseconds(time_s)
        match item:
            case Transform(parent, child, position, quaternion):
                moved = self._make("geometry_msgs/msg/Transform", self._vector(position), self._turn(quaternion))
                stamped = self._make("geometry_msgs/msg/TransformStamped", self._header(now, parent), child, moved)
                self._log(now, "/tf", "tf2_msgs/msg/TFMessage", [stamped])
            case Mesh(name, frame, vertices, triangles, rgb):
                corners = vertices[triangles.ravel()].tolist()
                points = [self._make("geometry_msgs/msg/Point", *corner) for corner in corners]
                self._marker(now, "/robot", name, frame, TRIANGLES, (1.0, 1.0, 1.0), (*rgb, 1.0), points)
            case Box(name, frame, size):
                self._marker(now, "/objects", name, frame, CUBE, size, SEEN_RGBA, [])
            case Camera():
                self._camera(now, item)
            case Picture():
                self._picture(now, item)
            case Number(name, value):
                self._log(now, f"/{_topic(name)}", "std_msgs/msg/Float64", value)
            case Joints(angles):
                values = list(angles), np.array(list(angles.values())), _NONE, _NONE
                self._log(now, "/joint_states", "sensor_msgs/msg/JointState", self._header(now, ""), *values)
            case Status(path, status):
                self._json(now, "/tree/status", {"path": path, "status": status})
            case Record(kind, line):
                self._json(now, f"/run/{_topic(kind)}", line)
            case Words(level, source, text):
                told = self._time(now), LEVELS.get(level, 20), source, text, "", "", 0
                self._log(now, "/rosout", "rcl_interfaces/msg/Log", *told)

    def _camera(self, now: int, camera: Camera) -> None:
        lens = camera.intrinsics
        matrix = np.array([lens.fx, 0.0, lens.cx, 0.0, lens.fy, lens.cy, 0.0, 0.0, 1.0])
        projection = np.array([lens.fx, 0.0, lens.cx, 0.0, 0.0, lens.fy, lens.cy, 0.0, 0.0, 0.0, 1.0, 0.0])
        region = self._make("sensor_msgs/msg/RegionOfInterest", 0, 0, 0, 0, False)
        self._log(
            now, f"/camera/{_topic(camera.name)}/camera_info", "sensor_msgs/msg/CameraInfo",
            self._header(now, camera.frame), lens.height, lens.width, "plumb_bob", np.zeros(5), matrix,
            np.eye(3).ravel(), projection, 0, 0, region,
        )  # fmt: skip

    def _picture(self, now: int, picture: Picture) -> None:
        topic, header = f"/camera/{_topic(picture.camera)}/{picture.kind}", self._header(now, picture.frame)
        if picture.kind not in RAW:
            data = np.frombuffer(picture.png, np.uint8)
            self._log(now, f"{topic}/compressed", "sensor_msgs/msg/CompressedImage", header, "png", data)
            return
        values = picture.array()
        height, width = values.shape
        data = np.frombuffer(values.astype(values.dtype.newbyteorder("<")).tobytes(), np.uint8)
        step = values.itemsize * width
        self._log(now, topic, "sensor_msgs/msg/Image", header, height, width, RAW[picture.kind], 0, step, data)

    def _marker(
        self, now: int, topic: str, name: str, frame: str, kind: int, size: Any, rgba: Any, points: list[Any]
    ) -> None:
        number = self._markers.setdefault(f"{topic} {name}", len(self._markers))
        pose = self._make("geometry_msgs/msg/Pose", self._point((0, 0, 0)), self._turn((1, 0, 0, 0)))
        lasts = self._make("builtin_interfaces/msg/Duration", 0, 0)
        texture = self._make("sensor_msgs/msg/CompressedImage", self._header(0, ""), "", np.zeros(0, np.uint8))
        mesh = self._make("visualization_msgs/msg/MeshFile", "", np.zeros(0, np.uint8))
        marker = self._make(
            "visualization_msgs/msg/Marker", self._header(now, frame), name, number, kind, 0, pose,
            self._vector(size), self._make("std_msgs/msg/ColorRGBA", *rgba), lasts, True, points, [], "", texture, [],
            "", "", mesh, False,
        )  # fmt: skip
        self._log(now, topic, "visualization_msgs/msg/MarkerArray", [marker])

    def _json(self, now: int, topic: str, value: Any) -> None:
        self._log(now, topic, "std_msgs/msg/String", json_text(value, ensure_ascii=False, default=str))

    def _log(self, now: int, topic: str, kind: str, *values: Any) -> None:
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(topic, kind, typestore=self._store)
        message = self._store.serialize_cdr(self._make(kind, *values), kind)
        self._writer.write(self._connections[topic], now, message)

    def _make(self, kind: str, *values: Any) -> Any:
        return self._store.types[kind](*values)

    def _time(self, now: int) -> Any:
        return self._make("builtin_interfaces/msg/Time", *divmod(now, 10**9))

    def _header(self, now: int, frame: str) -> Any:
        return self._make("std_msgs/msg/Header", self._time(now), frame)

    def _vector(self, values: Any) -> Any:
        return self._make("geometry_msgs/msg/Vector3", *map(float, values))

    def _point(self, values: Any) -> Any:
        return self._make("geometry_msgs/msg/Point", *map(float, values))

    def _turn(self, quaternion: Any) -> Any:
        w, x, y, z = map(float, quaternion)
        return self._make("geometry_msgs/msg/Quaternion", x, y, z, w)


def _topic(name: str) -> str:
    """A name that ROS allows in a topic."""
    return re.sub(r"[^A-Za-z0-9_/]", "_", name)


def _nanoseconds(time_s: float) -> int:
    return max(round(time_s * 1e9), 0)
