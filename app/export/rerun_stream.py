"""A run in rerun: as a file, or in a viewer while it goes on. The only file that knows rerun."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np

from app.export.items import (
    WORLD,
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
from perception.base.errors import ConfigError
from perception.base.extras import require, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.export.story import Moment

CLOCK: Final = "robot_time"
"""The timeline: seconds on the robot's clock."""
LEVELS: Final = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "ERROR"}
STATUSES: Final = {"RUNNING": 0x3B82F6FF, "SUCCESS": 0x22A55EFF, "FAILURE": 0xDC4A3DFF, "IDLE": 0}
SEEN_RGBA: Final = (255, 140, 0, 120)
COLORMAP: Final = "turbo"
ADDRESS: Final = "rerun+http://127.0.0.1:9876/proxy"
"""Where a viewer listens unless it is told otherwise."""
CONNECT_S: Final = 2.0
FLUSH_S: Final = 60.0
"""Of a file on a slow disk; a run that is shown waits less, see `app.session.rerun`."""


def write_rrd(out: Path, moments: Iterable[Moment], title: str, *, at_end: bool = False) -> None:
    """Write a file for the rerun viewer. title: of the run. at_end: it opens at the end. ConfigError without rerun."""
    stream = RerunStream(title, "--format rrd")
    stream.to_file(out, at_end=at_end)
    for time_s, item in moments:
        stream.write(time_s, item)
    stream.close()


class RerunStream:
    """Writes items to a rerun recording. title: of the run. needed_by: for the error where rerun is not installed."""

    def __init__(self, title: str, needed_by: str) -> None:
        require(needed_by, "rerun")
        try:
            import rerun
        except ImportError as error:
            raise unusable(needed_by, "rerun", error) from error
        self._rr: Any = rerun
        self._stream = rerun.RecordingStream("spot-grasp")
        self._stream.set_log_time_enabled(False)  # all is on the robot's clock
        self._stream.set_log_tick_enabled(False)
        self._stream.send_recording_name(title)
        self._places: dict[str, str] = {WORLD: WORLD}
        self._known: set[str] = set()

    def to_file(self, path: Path, *, at_end: bool = False) -> None:
        """Write into a file from now on. at_end: the viewer opens it at the end, not at the start."""
        self._stream.save(path, default_blueprint=self._blueprint("following" if at_end else None))

    def to_viewer(self, address: str | None) -> None:
        """Show it from now on in the viewer at an address, or in one that is started. ConfigError without one."""
        try:
            if address is None:
                self._stream.spawn(default_blueprint=self._blueprint())
            else:
                where = urlsplit(address)
                socket.create_connection((where.hostname or "", where.port or 0), CONNECT_S).close()
                self._stream.connect_grpc(address, default_blueprint=self._blueprint())
        except (RuntimeError, ValueError, OSError) as error:
            words = " ".join(str(error).split()).split(". ")[0]
            raise ConfigError(
                f"--rerun{'' if address is None else f' {address}'}: no viewer of rerun there: {words}; start `rerun`, "
                f"then give its address: {ADDRESS}"
            ) from error

    def close(self) -> None:
        """Send what is left. RuntimeError if the viewer does not take it."""
        self._stream.flush(timeout_sec=FLUSH_S)
        self._stream.disconnect()

    def write(self, time_s: float, item: Item) -> None:
        """Log an item at a time of the robot's clock."""
        rr = self._rr
        self._stream.set_time(CLOCK, duration=time_s)
        match item:
            case Transform(parent, child, position, quaternion):
                place = self._places[child] = f"{self._place(parent)}/{_name(child)}"
                turn = rr.Quaternion(xyzw=[*quaternion[1:], quaternion[0]])
                self._log(place, rr.Transform3D(translation=position, quaternion=turn))
            case Mesh(name, frame, vertices, triangles, rgb):
                shown = rr.Mesh3D(vertex_positions=vertices, triangle_indices=triangles, albedo_factor=[*rgb, 1.0])
                self._log(f"{self._place(frame)}/{name}", shown, static=True)
            case Camera(_, frame, lens):
                matrix = [[lens.fx, 0, lens.cx], [0, lens.fy, lens.cy], [0, 0, 1]]
                size = [lens.width, lens.height]
                self._log(self._place(frame), rr.Pinhole(image_from_camera=matrix, resolution=size))
            case Picture():
                self._picture(item)
            case Box(_, frame, size):
                self._log(f"{self._place(frame)}/box", rr.Boxes3D(sizes=[size], colors=[SEEN_RGBA]))
            case Number(name, value):
                self._log(f"plots/{name}", rr.Scalars(value))
            case Joints(angles):
                for name, angle in angles.items():
                    self._log(f"plots/joints/{_name(name)}", rr.Scalars(angle))
            case Status(path, status):
                self._status(f"tree/{_path(path)}", status)
            case Words(level, source, text):
                self._log(f"log/{_name(source)}", rr.TextLog(text, level=LEVELS.get(level, "INFO")))
            case Record():
                pass  # rerun shows the words of the line

    def _log(self, place: str, value: Any, *, static: bool = False) -> None:
        self._stream.log(place, value, static=static)

    def _place(self, frame: str) -> str:
        """The entity of a frame; its transform is that to the entity above it."""
        return self._places.get(frame, f"{WORLD}/{_name(frame)}")

    def _picture(self, picture: Picture) -> None:
        rr, place = self._rr, f"{self._place(picture.frame)}/{picture.kind}"
        if picture.kind in ("depth", "quality"):
            meter = 1000.0 if picture.kind == "depth" else 65535.0
            shown = rr.EncodedDepthImage(picture.png, media_type="image/png", meter=meter, colormap=COLORMAP)
        else:
            opacity = 0.4 if picture.kind == "mask" else None
            shown = rr.EncodedImage(contents=picture.png, media_type="image/png", opacity=opacity)
        self._log(place, shown)

    def _status(self, place: str, status: str) -> None:
        rr = self._rr
        if place not in self._known:
            self._known.add(place)
            colours = np.array(list(STATUSES.values()), np.uint32)
            seen = [name != "IDLE" for name in STATUSES]
            look = rr.StateConfiguration(values=list(STATUSES), colors=colours, visible=seen)
            self._log(place, look, static=True)
        self._log(place, rr.StateChange(state=status))

    def _blueprint(self, play_state: str | None = None) -> Any:
        """The 3D scene and the tree on the left; pictures, plots and log on the right."""
        import rerun.blueprint as rrb

        camera = f"{WORLD}/camera_hand"
        scene = rrb.Spatial3DView(
            origin=WORLD, contents=["$origin/**", f"- {camera}/mask", f"- {camera}/quality", f"- {camera}/heatmap"],
            name="Scene",
        )  # fmt: skip
        seen = rrb.Spatial2DView(origin=camera, contents=["$origin/colour", "$origin/mask"], name="Camera")
        heat = rrb.Spatial2DView(origin=camera, contents=["$origin/heatmap"], name="Grasp quality")
        jaws = rrb.TimeSeriesView(origin="plots/gripper", name="Gripper: opening, torque in N m")
        tree = rrb.StateTimelineView(origin="tree", name="Tree")
        log = rrb.TextLogView(origin="log", name="Log")
        left = rrb.Vertical(scene, tree, row_shares=[3, 2])
        right = rrb.Vertical(rrb.Horizontal(seen, heat), jaws, log)
        parts = rrb.Horizontal(left, right, column_shares=[3, 2])
        time = rrb.TimePanel(state="collapsed", timeline=CLOCK, play_state=play_state)
        return rrb.Blueprint(parts, time, collapse_panels=True)


def _name(name: str) -> str:
    """A part of an entity path that needs no escapes."""
    return re.sub(r"[^\w.-]", "_", name) or "_"


def _path(path: str) -> str:
    return "/".join(_name(part) for part in path.split("/"))
