"""The pictures of a run folder: written while it runs, and read back as frames and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, WeakSet

from behaviours.recording.writing import RecordError, write_whole
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perception.types import Detection, Grasp, Heatmap, RgbdFrame
    from perception.view import View

FOLDERS: Final = ("frames", "depth", "masks", "quality", "heatmaps")
FULL_QUALITY: Final = 65535
PNG_LEVEL: Final = 1
"""Of zlib: 3 times quicker than OpenCV's default for 15 % more bytes."""


class Pictures:
    """Writes the pictures of one run, each with a line in the log. folder: of the run. log: a structlog logger."""

    def __init__(self, folder: Path, log: Any) -> None:
        self._folder, self._log, self._count = folder, log, 0
        self._files: WeakKeyDictionary[RgbdFrame, str] = WeakKeyDictionary()
        self._kept: WeakSet[View] = WeakSet()

    def _next(self, name: str) -> str:
        self._count += 1
        return f"{self._count:03d}_{_file_name(name)}.png"

    def frame(self, name: str, frame: RgbdFrame) -> None:
        """A picture and its depth. name: of the leaf."""
        import numpy as np

        file = self._files[frame] = self._next(name)
        write_whole(self._folder / "frames" / file, _png(np.ascontiguousarray(frame.rgb[..., ::-1])))
        millimetres = np.clip(np.rint(frame.depth * 1000.0), 0, 65535).astype(np.uint16)
        write_whole(self._folder / "depth" / file, _png(millimetres))
        camera = frame.intrinsics
        self._log.info(
            "capture",
            file=file,
            camera=frame.camera,
            time_s=round(frame.time_s, 4),
            valid_depth=round(float((frame.depth > 0).mean()), 4),
            intrinsics=[camera.fx, camera.fy, camera.cx, camera.cy],
            world_from_camera=np.round(frame.world_from_camera.matrix(), 5).tolist(),
        )

    def value(self, value: Any) -> None:
        """The mask of a detection that was written on a blackboard, once; nothing of another value."""
        from perception.view import View

        if not isinstance(value, View) or value in self._kept:
            return
        self._kept.add(value)
        detection, file = value.detection, self._next("mask")
        write_whole(self._folder / "masks" / file, _png(detection.mask.view("uint8") * 255))
        self._log.info(
            "detection",
            file=file,
            frame=self._files.get(value.frame),
            camera=value.frame.camera,
            label=detection.label,
            score=round(detection.score, 4),
            box_uv=[round(float(number), 2) for number in detection.box_uv],
        )

    def heatmap(self, name: str, frame: RgbdFrame, detection: Detection, heatmap: Heatmap, grasp: Grasp | None) -> None:
        """The quality that the grasp was chosen by, plain and over the picture with the chosen pixel."""
        import numpy as np

        from behaviours.recording.overlay import chosen_by, heatmap_picture

        file = self._next(name)
        quality, whole = chosen_by(heatmap, grasp), np.zeros(detection.mask.shape, np.uint16)
        if quality is not None:
            whole[detection.mask] = np.rint(np.clip(quality[detection.mask], 0.0, 1.0) * FULL_QUALITY)
        write_whole(self._folder / "quality" / file, _png(whole))
        write_whole(self._folder / "heatmaps" / file, _png(heatmap_picture(frame, detection, heatmap, grasp)))
        rated = heatmap.quality[detection.mask]
        details: dict[str, Any] = {}
        if grasp is not None:
            details = {
                "pixel_uv": [int(value) for value in grasp.pixel_uv],
                "depth_m": round(float(grasp.depth_m), 4),
                "width_m": round(float(grasp.width_m), 4),
                "score": round(float(grasp.score), 4),
                "point_world_m": [round(float(value), 4) for value in grasp.point_world_m],
            }
        self._log.info(
            "heatmap",
            file=file,
            frame=self._files.get(frame),
            camera=frame.camera,
            label=detection.label,
            detection_score=round(detection.score, 4),
            best_quality=round(float(rated.max()), 4) if rated.size else None,
            **details,
        )


def read_frame(folder: Path, line: Mapping[str, Any]) -> RgbdFrame:
    """The frame of a `capture` line of the log: depth to the millimetre, poses to 1e-5. ConfigError if a file lacks or
    the line is damaged."""
    import cv2
    import numpy as np

    from perception.base.array_files import read_picture
    from perception.geometry import Pose
    from perception.types import Intrinsics, RgbdFrame

    file = file_of(folder, line)
    colour = read_picture(folder / "frames" / file, "picture of a run", cv2.IMREAD_COLOR)
    depth = read_picture(folder / "depth" / file, "depth of a run", cv2.IMREAD_UNCHANGED)
    try:
        camera = Intrinsics(colour.shape[1], colour.shape[0], *(float(value) for value in line["intrinsics"]))
        matrix = np.asarray(line["world_from_camera"], np.float64)
        left, _, right = np.linalg.svd(matrix[:3, :3])  # the log holds rounded numbers: take the nearest rotation
        pose = Pose(left @ right, matrix[:3, 3])
        rgb, metres = np.ascontiguousarray(colour[..., ::-1]), depth.astype(np.float32) / np.float32(1000.0)
        return RgbdFrame(rgb, metres, camera, pose, float(line["time_s"]), str(line["camera"]))
    except (KeyError, TypeError, ValueError, IndexError, np.linalg.LinAlgError) as error:
        raise ConfigError(f"{folder}: the log's line of {file} is damaged: {error}") from error


def read_heatmap(folder: Path, line: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The picture of a `heatmap` line of the log, (H, W, 3) uint8 RGB. ConfigError if the file lacks."""
    import cv2
    import numpy as np

    from perception.base.array_files import read_picture

    picture = read_picture(folder / "heatmaps" / file_of(folder, line), "heatmap of a run", cv2.IMREAD_COLOR)
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def read_mask(folder: Path, line: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The mask of a `detection` line of the log, (H, W) bool. ConfigError if the file lacks."""
    return _read_grey(folder, "masks", "mask of a run", line) > 0


def read_quality(folder: Path, line: Mapping[str, Any]) -> NDArray[np.float32]:
    """The quality that the grasp of a `heatmap` line was chosen by, (H, W) 0..1, to 1e-5. ConfigError if the file
    lacks."""
    import numpy as np

    return (_read_grey(folder, "quality", "quality of a run", line) / FULL_QUALITY).astype(np.float32)


def _read_grey(folder: Path, kind: str, what: str, line: Mapping[str, Any]) -> NDArray[Any]:
    import cv2

    from perception.base.array_files import read_picture

    picture = read_picture(folder / kind / file_of(folder, line), what, cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., 0]


def file_of(folder: Path, line: Mapping[str, Any]) -> str:
    """The file that a line names. ConfigError for a name that leads out of the folder."""
    file = line.get("file")
    if not isinstance(file, str) or Path(file).name != file:
        raise ConfigError(f"{folder}: a line of the log names no file: {str(file)[:80]!r}")
    return file


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:60] or "frame"


def _png(picture: Any) -> bytes:
    """(H, W) uint8 or uint16, or (H, W, 3) uint8 in BGR order, to the bytes of a PNG file."""
    import cv2

    good, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    if not good:
        raise RecordError(f"OpenCV could not encode a picture of shape {picture.shape} as PNG")
    return bytes(data.tobytes())
