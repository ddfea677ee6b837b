"""A run as an MCAP file with Foxglove's schemas. The only file that knows the Foxglove SDK."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.export.items import (
    Box,
    Camera,
    Item,
    Joints,
    Mesh,
    Number,
    Picture,
    Record,
    Status,
    Transform,
    Words,
)  # fmt: skip
from perception.base.extras import require, unusable
from perception.base.plain_json import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.export.story import Moment

LEVELS: Final = {"debug": "Debug", "info": "Info", "warning": "Warning", "error": "Error"}
SEEN_RGBA: Final = (1.0, 0.55, 0.0, 0.5)
RAW: Final = {"depth": "16UC1", "quality": "16UC1"}
"""Encodings of the pictures that are numbers: browsers would show a PNG of them with 8 bits."""


def write_mcap(out: Path, moments: Iterable[Moment], title: str) -> None:
    """Write a file for Foxglove. title: of the run. ConfigError without the SDK."""
    require("--format mcap", "mcap")
    try:
        import foxglove
    except ImportError as error:
        raise unusable("--format mcap", "mcap", error) from error
    context = foxglove.Context()
    with foxglove.open_mcap(out, allow_overwrite=True, context=context) as writer:
        writer.write_metadata("run", {"title": title, "program": "spot-grasp"})
        file = _File(foxglove, context)
        for time_s, item in moments:
            file.write(time_s, item)


class _File:
    """Channels are made when they are first needed."""

    def __init__(self, foxglove: Any, context: Any) -> None:
        import foxglove.messages as messages

        self._foxglove, self._context, self._m = foxglove, context, messages
        self._channels: dict[str, Any] = {}

    def write(self, time_s: float, item: Item) -> None:
        m, now = self._m, _stamp(self._m, time_s)
        match item:
            case Transform(parent, child, position, quaternion):
                transform = m.FrameTransform(
                    timestamp=now, parent_frame_id=parent, child_frame_id=child,
                    translation=m.Vector3(**_xyz(position)), rotation=self._turn(quaternion),
                )  # fmt: skip
                self._log(time_s, "/tf", m.FrameTransforms(transforms=[transform]))
            case Mesh(name, frame, vertices, triangles, rgb):
                shape = m.TriangleListPrimitive(
                    pose=self._origin(), color=self._colour((*rgb, 1.0)), indices=triangles.ravel().tolist(),
                    points=[m.Point3(**_xyz(point)) for point in vertices.tolist()],
                )  # fmt: skip
                self._entity(time_s, "/robot", name, frame, triangles=[shape])
            case Box(name, frame, size):
                cube = m.CubePrimitive(pose=self._origin(), size=m.Vector3(**_xyz(size)), color=self._colour(SEEN_RGBA))
                self._entity(time_s, "/objects", name, frame, cubes=[cube])
            case Camera(name, frame, lens):
                matrix = [lens.fx, 0.0, lens.cx, 0.0, lens.fy, lens.cy, 0.0, 0.0, 1.0]
                projection = [lens.fx, 0.0, lens.cx, 0.0, 0.0, lens.fy, lens.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
                calibration = m.CameraCalibration(
                    timestamp=now, frame_id=frame, width=lens.width, height=lens.height, K=matrix, P=projection
                )
                self._log(time_s, f"/camera/{name}/calibration", calibration)
            case Picture():
                self._log(time_s, f"/camera/{item.camera}/{item.kind}", self._picture(item, now))
            case Number(name, value):
                self._json(time_s, f"/{name}", {"value": value})
            case Joints(angles):
                joints = [m.JointState(name=name, position=angle) for name, angle in angles.items()]
                self._log(time_s, "/joints", m.JointStates(timestamp=now, joints=joints))
            case Status(path, status):
                self._json(time_s, "/tree/status", {"path": path, "status": status})
            case Record(kind, line):
                self._json(time_s, f"/run/{kind}", line)
            case Words(level, source, text):
                told = getattr(m.LogLevel, LEVELS.get(level, "Info"))
                self._log(time_s, "/log", m.Log(timestamp=now, level=told, name=source, message=text))

    def _picture(self, picture: Picture, now: Any) -> Any:
        if picture.kind not in RAW:
            return self._m.CompressedImage(timestamp=now, frame_id=picture.frame, format="png", data=picture.png)
        values = picture.array()
        height, width = values.shape
        return self._m.RawImage(
            timestamp=now, frame_id=picture.frame, width=width, height=height, encoding=RAW[picture.kind],
            step=2 * width, data=values.astype("<u2").tobytes(),
        )  # fmt: skip

    def _entity(self, time_s: float, topic: str, name: str, frame: str, **shapes: Any) -> None:
        m = self._m
        entity = m.SceneEntity(timestamp=_stamp(m, time_s), id=name, frame_id=frame, frame_locked=True, **shapes)
        self._log(time_s, topic, m.SceneUpdate(entities=[entity]))

    def _log(self, time_s: float, topic: str, message: Any) -> None:
        if topic not in self._channels:
            kind = getattr(self._foxglove.channels, f"{type(message).__name__}Channel")
            self._channels[topic] = kind(topic, context=self._context)
        self._channels[topic].log(message, log_time=_nanoseconds(time_s))

    def _json(self, time_s: float, topic: str, value: Mapping[str, Any]) -> None:
        if topic not in self._channels:
            self._channels[topic] = self._foxglove.Channel(
                topic, schema={"type": "object", "title": topic}, message_encoding="json", context=self._context
            )
        data = json_text(value, ensure_ascii=False, default=str).encode()
        self._channels[topic].log(data, log_time=_nanoseconds(time_s))

    def _turn(self, quaternion: tuple[float, ...]) -> Any:
        w, x, y, z = quaternion
        return self._m.Quaternion(x=x, y=y, z=z, w=w)

    def _origin(self) -> Any:
        return self._m.Pose(position=self._m.Vector3(), orientation=self._m.Quaternion(x=0, y=0, z=0, w=1))

    def _colour(self, rgba: tuple[float, ...]) -> Any:
        r, g, b, a = rgba
        return self._m.Color(r=r, g=g, b=b, a=a)


def _xyz(values: Any) -> dict[str, float]:
    return dict(zip("xyz", values, strict=True))


def _nanoseconds(time_s: float) -> int:
    return max(round(time_s * 1e9), 0)


def _stamp(messages: Any, time_s: float) -> Any:
    seconds, rest = divmod(_nanoseconds(time_s), 10**9)
    return messages.Timestamp(sec=seconds, nsec=rest)
