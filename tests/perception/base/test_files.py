"""The one reader and the one writer: what they refuse, without waiting, and what stays as it was."""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import struct
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from perception.base.array_files import map_array, read_array, read_arrays, read_picture
from perception.base.errors import ConfigError
from perception.base.files import (
    open_append,
    read_bytes,
    read_json,
    read_text,
    read_toml,
    read_xml,
    replacing,
    write_atomic,
)

READERS = [
    lambda path: read_bytes(path, "file", 1000),
    lambda path: read_text(path, "file"),
    lambda path: read_json(path, "file"),
    lambda path: read_toml(path, "file"),
    lambda path: read_xml(path, "file"),
    lambda path: read_array(path, "file"),
    lambda path: map_array(path, "file"),
    lambda path: read_arrays(path, "file"),
    lambda path: read_picture(path, "file", cv2.IMREAD_COLOR),
]


def _special(folder: Path) -> dict[str, Path]:
    os.mkfifo(folder / "fifo")
    (folder / "ring").symlink_to(folder / "ring")
    (folder / "to_fifo").symlink_to(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(os.path.relpath(folder / "socket"))
    return {
        "fifo": folder / "fifo", "link to a fifo": folder / "to_fifo", "ring": folder / "ring", "folder": folder,
        "socket": folder / "socket", "endless": Path("/dev/zero"), "full": Path("/dev/full"),
        "long name": folder / ("x" * 256), "long path": Path("x/" * 5000), "nul": Path(f"{folder}/a\0b"),
        "newline": folder / "a\nb", "surrogate": Path(os.fsdecode(bytes(folder) + b"/\xff")),
    }  # fmt: skip


@pytest.mark.parametrize("read", READERS)
def test_only_regular_files_are_read_and_nothing_is_waited_for(tmp_path, read, monkeypatch):
    monkeypatch.chdir(tmp_path)
    begin_s = time.monotonic()
    for name, path in _special(tmp_path).items():
        with pytest.raises(ConfigError) as caught:
            read(path)
        assert "\n" not in str(caught.value), name
        assert len(str(caught.value)) < 600, name
        str(caught.value).encode()
    assert time.monotonic() - begin_s < 60


def test_a_file_is_refused_when_it_is_too_long_before_and_while_it_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1001)
    with pytest.raises(ConfigError, match="too long for a scene; at most 1000 bytes"):
        read_bytes(path, "scene", 1000)
    with pytest.raises(ConfigError, match="too long"):
        read_bytes(Path("/proc/self/environ"), "scene", 0)  # claims a length of 0
    path.write_bytes(b"x" * 1000)
    assert len(read_bytes(path, "scene", 1000)) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 33 + "]" * 33,
        "1" * 5000,
        "1e999",
        "NaN",
        "[-Infinity]",
        str(2**63),
        "{",
        "",
        "\0",
        '"\x01"',
    ],
)
def test_json_that_cannot_be_used(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="not JSON"):
        read_json(path, "file")


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 100_000) + " = 1", ".".join(['"a"'] * 100_000) + " = 1", "[" + " . ".join("a" * 50_000) + "]",
        "a = " + "[" * 100_000, "a = " + "{a = " * 33 + "1" + "}" * 33, "a = nan", "a = inf", f"a = {2**63}",
        "a = 0x" + "f" * 5000, "a = " + "1" * 5000, "a = 1\0", "a",
    ],
)  # fmt: skip
def test_toml_that_cannot_be_used(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    begin_s = time.process_time()
    with pytest.raises(ConfigError, match="not a file in TOML"):
        read_toml(path, "file")
    assert time.process_time() - begin_s < 5


@pytest.mark.parametrize("line", ['"' * 400_000, r"\"" * 200_000, "'\"" * 200_000, "a-" * 200_000, "a.a " * 99_999])
def test_the_search_for_dotted_keys_takes_time_by_the_length_of_the_text(tmp_path, line):
    path = tmp_path / "a.toml"
    path.write_text(f"# {line}\na = 1\n")
    begin_s = time.process_time()
    assert read_toml(path, "file") == {"a": 1}
    assert time.process_time() - begin_s < 5


def test_texts_of_other_systems_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf[t]\r\na = 'b.c.d'\r\nwhen = 2020-01-01\r\n")
    assert read_toml(tmp_path / "a", "file")["t"]["a"] == "b.c.d"
    (tmp_path / "a").write_bytes(b'\xef\xbb\xbf{"a": [1,\r\n 2]}')
    assert read_json(tmp_path / "a", "file") == {"a": [1, 2]}
    (tmp_path / "a").write_bytes(b"a\nb\xff")
    with pytest.raises(ConfigError, match="a:2: not a UTF-8 text file"):
        read_text(tmp_path / "a", "file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a>" * 100_000, "200 levels"),
        ("<a>" + "<b/>" * 100_000 + "</a>", "100000 elements"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ("<a><b></a>", "a:1:9: not XML"),
        ("", "not XML"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "not XML"),
    ],
)
def test_xml_of_other_programs(tmp_path, text, words):
    (tmp_path / "a").write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_xml(tmp_path / "a", "file")


def _npy(header: str, data: bytes = b"", version: int = 1) -> bytes:
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(header)) + header.encode() + data


@pytest.mark.parametrize(
    "content",
    [
        _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000, 4000000), }", b"1234"),
        _npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"12345678"),
        _npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", b"1234"),
        _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", b"1234"),
        _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,), }", b"1234"),
        _npy("{'descr': 'klingon', 'fortran_order': False, 'shape': (1,), }", b"1234"),
        _npy("(" * 5000), _npy("{'descr'"), _npy("  \n 'a"), _npy("__import__('os')"), b"", b"\x93NUMPY",
        _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", b"1234", version=3), b"PK\x03\x04",
    ],
)  # fmt: skip
def test_arrays_that_lie_or_are_none(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    for read in (read_array, map_array, read_arrays):
        with pytest.raises(ConfigError):
            read(tmp_path / "a.npy", "depth")


def test_arrays_are_read_as_they_were_written(tmp_path):
    for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.zeros((0, 4), "i1")):
        np.save(tmp_path / "a.npy", array)
        assert np.array_equal(read_array(tmp_path / "a.npy", "depth"), array)
        if array.size:
            assert np.array_equal(map_array(tmp_path / "a.npy", "depth"), array)
    np.savez_compressed(tmp_path / "a.npz", a=np.arange(3), names=np.array(["x", "yz"]), none=np.zeros((0,), "U5"))
    arrays = read_arrays(tmp_path / "a.npz", "view")
    assert list(arrays["names"]) == ["x", "yz"]
    assert sorted(arrays) == ["a", "names", "none"]
    with pytest.raises(ConfigError, match=r"is an \.npz"):
        read_array(tmp_path / "a.npz", "depth")


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as file:
        for _ in range(201):
            file.write(bytes(1_000_000))
    (tmp_path / "a.npz").write_bytes(content.getvalue())
    with pytest.raises(ConfigError, match="more than 200000000 bytes"):
        read_arrays(tmp_path / "a.npz", "view")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tiff", ".webp"])
def test_pictures_whole_cut_and_with_a_size_that_is_a_lie(tmp_path, suffix, capfd):
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8), (0, 0), 2)
    whole = cv2.imencode(suffix, picture)[1].tobytes()
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole)
    assert read_picture(path, "picture", cv2.IMREAD_COLOR).shape == (48, 64, 3)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(ConfigError, match=r"cut or damaged|not a picture"):
        read_picture(path, "picture", cv2.IMREAD_COLOR)
    huge = cv2.imencode(suffix, np.zeros((5000, 5000), np.uint8))[1].tobytes()
    path.write_bytes(huge)
    with pytest.raises(ConfigError, match="claims 5000 x 5000 pixels"):
        read_picture(path, "picture", cv2.IMREAD_COLOR)
    assert capfd.readouterr().err == ""


def test_a_picture_of_another_kind_says_which_are_read(tmp_path):
    (tmp_path / "a.png").write_bytes(b"GIF89a" + bytes(100))
    with pytest.raises(ConfigError, match="give a png, jpg, bmp, tiff or webp"):
        read_picture(tmp_path / "a.png", "picture", cv2.IMREAD_COLOR)


def test_what_is_no_regular_file_is_never_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = _special(tmp_path)
    del places["newline"], places["surrogate"]  # good names
    for name, path in places.items():
        before = os.lstat(path).st_mode if os.path.lexists(path) else None
        for write in (lambda: write_atomic(path, b"new"), lambda: open_append(path)):  # noqa: B023
            with pytest.raises(ConfigError) as caught:
                write()
            assert "\n" not in str(caught.value), name
        assert (os.lstat(path).st_mode if os.path.lexists(path) else None) == before, name
    assert not list(tmp_path.glob("*.part*"))


def test_links_hard_links_and_permissions_stay(tmp_path):
    file, link, twin = tmp_path / "a.txt", tmp_path / "link", tmp_path / "twin"
    file.write_bytes(b"a long text of before")
    file.chmod(0o640)
    link.symlink_to("a.txt")
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    os.link(file, twin)
    write_atomic(file, b"newer")
    assert twin.read_bytes() == b"newer"
    assert file.stat().st_nlink == 2
    write_atomic(tmp_path / "new", b"")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~_umask()
    (tmp_path / "later").symlink_to("not_yet")
    write_atomic(tmp_path / "later", b"x")
    assert (tmp_path / "not_yet").read_bytes() == b"x"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_read_only_file_is_not_written(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(ConfigError, match=r"read-only; `chmod u\+w`"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_what_fails_half_way_leaves_what_was_there(tmp_path):
    path = tmp_path / ("x" * 250 + ".gif")
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as part:
            assert part.suffix == ".gif"
            part.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"old"
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_stdout_is_written_through(name, capfdbinary):
    write_atomic(Path(name), json.dumps("ü").encode())
    assert capfdbinary.readouterr().out == json.dumps("ü").encode()
