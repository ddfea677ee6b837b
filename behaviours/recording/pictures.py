"""The pictures of a run folder, read back as frames and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perception.base.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perception.types import RgbdFrame


def read_frame(folder: Path, line: Mapping[str, Any]) -> RgbdFrame:
    """The frame of a `capture` line of the log: depth to the millimetre, poses to 1e-5. ConfigError if a file lacks or
    the line is damaged."""
    import cv2
    import numpy as np

    from perception.base.array_files import read_picture
    from perception.geometry import Pose
    from perception.types import Intrinsics, RgbdFrame

    file = _plain_name(folder, line)
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

    picture = read_picture(folder / "heatmaps" / _plain_name(folder, line), "heatmap of a run", cv2.IMREAD_COLOR)
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def _plain_name(folder: Path, line: Mapping[str, Any]) -> str:
    """The file that a line names. ConfigError for a name that leads out of the folder."""
    file = line.get("file")
    if not isinstance(file, str) or Path(file).name != file:
        raise ConfigError(f"{folder}: a line of the log names no file: {str(file)[:80]!r}")
    return file
