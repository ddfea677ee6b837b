"""Arrays and pictures from files, read with limits: what a header claims is judged before anything is allocated."""

from __future__ import annotations

import ast
import io
import math
import os
import re
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import open_file, read_bytes, shown

ARRAY_BYTES: Final = 200_000_000
"""Of one array, or of all arrays of an .npz, at most."""
MAP_BYTES: Final = 2**40
PICTURE_BYTES: Final = 100_000_000
PICTURE_PIXELS: Final = 16_000_000
PICTURES: Final = "png, jpg, bmp, tiff or webp"
_MAGIC: Final = b"\x93NUMPY"
_HEADER_BYTES: Final = 10_000
_DAMAGED: Final = re.compile(b"error|corrupt|premature", re.IGNORECASE)
_SCANS: Final = 64
"""Of a progressive JPEG; each takes the time of a whole picture."""


def read_array(path: Path, what: str) -> NDArray[Any]:
    """The array of numbers of an .npy file, by its content and whatever its name. what: for messages, "depth".

    ConfigError, naming the file, if it is none, has Python objects in it, or claims more than it has.
    """
    content = read_bytes(path, what, ARRAY_BYTES)
    if content.startswith(b"PK"):
        raise ConfigError(f"{shown(path)}: is an .npz of several arrays; save the one with numpy.save")
    try:
        return _array(content)
    except ValueError as error:
        raise ConfigError(f"{shown(path)}: not a readable .npy file: {error}") from error


def map_array(path: Path, what: str) -> NDArray[Any]:
    """An .npy file as a read-only memory map, for what may be larger than the memory. ConfigError as `read_array`."""
    with open_file(path, what, MAP_BYTES) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            shape, order, dtype, start = _header(file.read(_HEADER_BYTES + 12), size)
            return np.memmap(file, dtype, "r", start, shape, order)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{shown(path)}: not a readable .npy file: {error}") from error


def read_arrays(path: Path, what: str, keys: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, by name; of all that it has those of `keys`. ConfigError as `read_array`, and if it
    lacks one."""
    content = read_bytes(path, what, ARRAY_BYTES)
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [member.filename.removesuffix(".npy") for member in archive.infolist()]
            wanted = None if keys is None else {f"{key}.npy" for key in keys}
            members = [member for member in archive.infolist() if wanted is None or member.filename in wanted]
            if sum(member.file_size for member in members) > ARRAY_BYTES:
                raise ValueError(f"its arrays have more than {ARRAY_BYTES} bytes")
            for member in members:
                with archive.open(member) as file:
                    arrays[member.filename.removesuffix(".npy")] = _array(file.read(member.file_size + 1))
    except Exception as error:  # zipfile raises whatever its parts do
        raise ConfigError(f"{shown(path)}: not a readable npz file: {str(error) or type(error).__name__}") from error
    missing = [key for key in keys or () if key not in arrays]
    if missing:
        raise ConfigError(f"{shown(path)}: has no array {missing[0]!r}; found: {', '.join(names)[:300] or 'none'}")
    return arrays


def _array(content: bytes) -> NDArray[Any]:
    shape, order, dtype, start = _header(content[: _HEADER_BYTES + 12], len(content))
    return np.ndarray(shape, dtype, content, start, order=order).copy("K")


def _header(head: bytes, size: int) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype[Any], int]:
    """Shape, "C" or "F", type, and where the numbers begin in an .npy file of `size` bytes. ValueError."""
    if not head.startswith(_MAGIC) or len(head) < 12 or head[6] not in (1, 2):
        raise ValueError("it does not begin like one")
    first, form = (10, "<H") if head[6] == 1 else (12, "<I")
    start = first + int(struct.unpack(form, head[8:first])[0])
    if not start <= min(len(head), size):
        raise ValueError("its header is cut, or too long")
    try:
        header = ast.literal_eval(head[first:start].decode("latin-1").strip())
        shape, fortran, kind = header["shape"], header["fortran_order"], header["descr"]
        dtype = np.dtype(kind) if isinstance(kind, str) else np.dtype("O")
    except Exception:  # the parser and numpy raise whatever they come upon
        raise ValueError("its header is damaged") from None
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and 0 <= n < 2**48 for n in shape) or len(shape) > 8:
        raise ValueError("its header is damaged")
    if dtype.kind not in "biufcSU" or not dtype.itemsize:
        raise ValueError(f"it holds {kind!r}, not numbers"[:200])
    if math.prod(shape) * dtype.itemsize != size - start:
        raise ValueError(f"it claims {dtype} {shape}, and has {size - start} bytes of that")
    return shape, "F" if fortran else "C", dtype, start


def read_picture(path: Path, what: str, flags: int) -> NDArray[Any]:
    """A picture, decoded by OpenCV with its `flags`, e.g. cv2.IMREAD_COLOR for (H, W, 3) uint8 BGR.

    ConfigError if it is none of PICTURES, is damaged or has more than PICTURE_PIXELS pixels.
    """
    import cv2

    content = read_bytes(path, what, PICTURE_BYTES)
    try:
        width, height = _picture_size(content)
    except (struct.error, LookupError, ValueError):
        raise ConfigError(f"{shown(path)}: not a picture that can be read; give a {PICTURES}") from None
    if width <= 0 or height <= 0 or width * height > PICTURE_PIXELS:
        raise ConfigError(f"{shown(path)}: claims {width} x {height} pixels; at most {PICTURE_PIXELS} can be read")
    with _complaints() as complaints:
        try:
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        except cv2.error:
            picture = None
        damaged = _DAMAGED.search(complaints()) is not None
    if picture is None or damaged:
        raise ConfigError(f"{shown(path)}: the picture is cut or damaged; save it again as {PICTURES}")
    return np.asarray(picture)


def _picture_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header claims them. ValueError, IndexError or struct.error for none of PICTURES."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return struct.unpack(">II", data[16:24])
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    if data.startswith(b"BM"):
        width, height = struct.unpack("<ii", data[18:26])
        return width, abs(height)
    if data.startswith((b"II*\0", b"MM\0*")):
        return _tiff_size(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp_size(data)
    raise ValueError("unknown kind")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    if data.count(b"\xff\xda") > _SCANS:
        raise ValueError("too many scans")
    at = 2
    while True:
        marker, length = struct.unpack(">HH", data[at : at + 4])
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker < 0xFFC0 or length < 2:
            raise ValueError("no frame")
        at += 2 + length


def _tiff_size(data: bytes) -> tuple[int, int]:
    """The larger of picture and tile."""
    end = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack(end + "I", data[4:8])
    (count,) = struct.unpack(end + "H", data[at : at + 2])
    values = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack(end + "HH", data[entry : entry + 4])
        if kind in (3, 4):
            (values[tag],) = struct.unpack(end + "HI"[kind - 3], data[entry + 8 : entry + 8 + 2 * (kind - 2)])
    return max(values[256], values.get(322, 0)), max(values[257], values.get(323, 0))


def _webp_size(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack("<I", data[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
    raise ValueError("unknown kind")


@contextmanager
def _complaints() -> Iterator[Callable[[], bytes]]:
    """What C libraries write onto stderr meanwhile is kept from it; the function yielded returns it.

    Some versions decode a cut picture all the same, with made-up pixels, and only say so there.
    """
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)

        def read() -> bytes:
            kept.seek(0)
            return kept.read()

        try:
            yield read
        finally:
            os.dup2(before, 2)
            os.close(before)
