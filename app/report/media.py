"""Pictures and films as parts of an HTML file."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.drawing.page import cell
from app.web.pictures import FOLDERS, words_of
from perception.base.errors import ConfigError
from perception.base.files import read_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH_PX: Final = 480
QUALITY: Final = 80
"""Of JPEG, in percent."""
FILM_BYTES: Final = 12_000_000
"""A longer film is left beside the report."""
HUE: Final = (90, 220, 90)
"""RGB of a mask."""


def picture(folder: Path, line: Mapping[str, Any]) -> str:
    """The picture that a line of the log names, with its words; what is missing is said."""
    words = f"{_seconds(line)}{words_of(line)}"
    name = str(line.get("file"))
    try:
        if Path(name).name != name:
            raise ConfigError("its name leads out of the run folder")
        image = _image(folder, str(line["event"]), line, name)
    except ConfigError as error:
        return f'<figure class="missing"><p>{cell(str(error))}</p><figcaption>{cell(words)}</figcaption></figure>'
    data = base64.b64encode(_jpeg(image)).decode()
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="{cell(words)}" loading="lazy">'
        f"<figcaption>{cell(words)}</figcaption></figure>"
    )


def _seconds(line: Mapping[str, Any]) -> str:
    time_s = line.get("t")
    return f"{time_s:.1f} s: " if isinstance(time_s, int | float) else ""


def _image(folder: Path, event: str, line: Mapping[str, Any], name: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR; a mask is drawn over its frame, if that is there. ConfigError if the file lacks."""
    import cv2
    import numpy as np

    from perception.base.array_files import read_picture

    image = read_picture(folder / FOLDERS[event] / name, "picture of a run", cv2.IMREAD_COLOR)
    frame = line.get("frame")
    if event == "detection" and isinstance(frame, str) and Path(frame).name == frame:
        mask = image[..., 0] > 0
        under = read_picture(folder / "frames" / frame, "picture of a run", cv2.IMREAD_COLOR)
        if under.shape == image.shape:
            image = under.copy()
            image[mask] = (0.5 * image[mask] + 0.5 * np.array(HUE[::-1])).astype(np.uint8)
    return np.ascontiguousarray(image, np.uint8)


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    import cv2

    height, width = image.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(image.dtype)
    good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not good:
        raise ConfigError(f"a picture of shape {image.shape} cannot be encoded")
    return bytes(data.tobytes())


def film(folder: Path, room: int) -> str:
    """The film of the run, "" if there is none; said in words if it has more than `room` bytes."""
    path = folder / "video.mp4"
    if not path.is_file():
        return ""
    try:
        data = read_bytes(path, "film of a run", min(room, FILM_BYTES))
    except ConfigError as error:
        return f"<p>The film is not part of this file: {cell(str(error))}</p>"
    text = base64.b64encode(data).decode()
    return f'<video controls preload="metadata" src="data:video/mp4;base64,{text}">The film of the run</video>'
