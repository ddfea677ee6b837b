"""Each format holds the numbers of the log, as a reader finds them that is not ours."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.export.formats import export
from behaviours import Recording


def transitions(recording: Recording) -> list[tuple[float, str, str]]:
    """What every format must have: (time, path, new) in order."""
    return [
        (time_s, str(line["path"]), str(line["new"]))
        for time_s, line in recording.timed_lines()
        if line["event"] == "transition"
    ]


def assert_poses(found: list[tuple[float, list[float], list[float]]], recording: Recording, name: str) -> None:
    """found: (time, position, quaternion x y z w) of each transform."""
    states = recording.states()
    poses = states.poses(name)
    found = found[-len(states) :]
    assert np.allclose([time_s for time_s, _, _ in found], states.time_s, atol=1e-6)
    assert np.allclose([place for _, place, _ in found], poses[:, :3], atol=1e-6)
    turns = np.array([turn for _, _, turn in found])
    assert np.allclose(np.abs((turns * np.roll(poses[:, 3:], -1, axis=1)).sum(axis=1)), 1.0, atol=1e-5)


def same_pictures(found: list[np.ndarray[Any, Any]], recording: Recording) -> bool:
    frames = recording.frames()
    return len(found) == len(frames) and all((one == frame.rgb).all() for one, frame in zip(found, frames, strict=True))


def decoded(png: bytes) -> np.ndarray[Any, Any]:
    """(H, W, 3) RGB."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.ascontiguousarray(picture[..., ::-1])


def test_mcap(recording: Recording, tmp_path: Path) -> None:
    pytest.importorskip("foxglove")
    reader = pytest.importorskip("mcap.reader")
    factory = pytest.importorskip("mcap_protobuf.decoder").DecoderFactory()
    (file,) = export([recording.path.parent], "mcap", tmp_path / "run.mcap")
    by_topic = defaultdict(list)
    with file.open("rb") as stream:
        opened = reader.make_reader(stream, decoder_factories=[factory])
        for schema, channel, message in opened.iter_messages():
            if channel.message_encoding == "json":
                value = json.loads(message.data)
            else:
                assert schema.name.startswith("foxglove.")
                value = factory.decoder_for(channel.message_encoding, schema)(message.data)
            by_topic[channel.topic].append((message.log_time / 1e9, value))
    lines = by_topic["/run/transition"]
    assert [(round(time, 4), line["path"], line["new"]) for time, line in lines] == transitions(recording)
    assert same_pictures([decoded(image.data) for _, image in by_topic["/camera/hand/colour"]], recording)
    for (_, image), frame in zip(by_topic["/camera/hand/depth"], recording.frames(), strict=True):
        depth = np.frombuffer(image.data, "<u2").reshape(image.height, image.width)
        assert np.abs(depth / 1000 - frame.depth).max() < 1e-6
    for name in ("body", "hand"):
        rows = []
        for time, value in by_topic["/tf"]:
            for moved in value.transforms:
                if moved.child_frame_id == name:
                    place, turn = moved.translation, moved.rotation
                    rows.append((time, [place.x, place.y, place.z], [turn.x, turn.y, turn.z, turn.w]))
        assert_poses(rows, recording, name)
    assert len(by_topic["/log"]) == len(recording.lines)
    torque = [value["value"] for _, value in by_topic["/gripper/torque_nm"]]
    assert np.allclose(torque, recording.states().column("torque_nm"))
    outcomes = [value["state"] for _, value in by_topic["/run/outcome"]]
    assert outcomes.count("done") > 3


def test_rosbag2(recording: Recording, tmp_path: Path) -> None:
    pytest.importorskip("rosbags")
    from rosbags.highlevel import AnyReader

    (folder,) = export([recording.path.parent], "rosbag2", tmp_path / "bag")
    by_topic = defaultdict(list)
    with AnyReader([folder]) as bag:
        for connection, stamp, raw in bag.messages():
            by_topic[connection.topic].append((stamp / 1e9, bag.deserialize(raw, connection.msgtype)))
    lines = [(time, json.loads(message.data)) for time, message in by_topic["/run/transition"]]
    assert [(round(time, 4), line["path"], line["new"]) for time, line in lines] == transitions(recording)
    images = [decoded(image.data.tobytes()) for _, image in by_topic["/camera/hand/colour/compressed"]]
    assert same_pictures(images, recording)
    for (_, image), frame in zip(by_topic["/camera/hand/depth"], recording.frames(), strict=True):
        assert image.encoding == "16UC1"
        assert np.abs(image.data.view("<u2").reshape(image.height, image.width) / 1000 - frame.depth).max() < 1e-6
    for name in ("body", "hand"):
        rows = []
        for time, message in by_topic["/tf"]:
            for stamped in message.transforms:
                if stamped.child_frame_id == name:
                    place, turn = stamped.transform.translation, stamped.transform.rotation
                    rows.append((time, [place.x, place.y, place.z], [turn.x, turn.y, turn.z, turn.w]))
        assert_poses(rows, recording, name)
    assert len(by_topic["/rosout"]) == len(recording.lines)


def test_rerun(recording: Recording, tmp_path: Path) -> None:
    pytest.importorskip("rerun")
    from rerun.chunk import RrdReader

    (file,) = export([recording.path.parent], "rrd", tmp_path / "run.rrd")
    found = defaultdict(list)
    for chunk in RrdReader(str(file)).store().stream():
        if chunk.is_static:
            continue
        batch = chunk.to_record_batch()
        times = batch.column("robot_time").cast("int64").to_numpy() / 1e9
        for name in batch.schema.names:
            if ":" in name:
                values = zip(times.tolist(), batch.column(name).to_pylist(), strict=True)
                found[f"{chunk.entity_path}:{name}"] += [pair for pair in values if pair[1]]

    def rows(name: str) -> list[tuple[float, Any]]:
        return [(time, value[0]) for time, value in sorted(found[name], key=lambda pair: pair[0])]

    changes = sorted((time, path, value) for path in found if path.endswith("StateChange:state")
                     for time, value in rows(path) if time > 0)  # fmt: skip
    told = {
        (round(time, 4), new) for time, _, new in transitions(recording) if time > 0 and new not in ("IDLE", "SKIPPED")
    }
    assert told <= {(round(time, 4), value) for time, _, value in changes}
    pictures = [decoded(bytes(blob)) for _, blob in rows("/world/camera_hand/colour:EncodedImage:blob")]
    assert same_pictures(pictures, recording)
    for name in ("body", "hand"):
        places = rows(f"/world/{name}:Transform3D:translation")
        turns = rows(f"/world/{name}:Transform3D:quaternion")
        both = [(time, list(place), list(turn)) for (time, place), (_, turn) in zip(places, turns, strict=True)]
        assert_poses(both, recording, name)
    torque = [value for _, value in rows("/plots/gripper/torque_nm:Scalars:scalars")]
    assert np.allclose(torque, recording.states().column("torque_nm"))
    assert sum(len(values) for name, values in found.items() if name.endswith("TextLog:text")) == len(recording.lines)


def test_csv(recording: Recording, tmp_path: Path) -> None:
    (folder,) = export([recording.path.parent], "csv", tmp_path / "tables")
    with (folder / "transitions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(float(row["t_s"]), row["path"], row["new"]) for row in rows] == transitions(recording)
    values = np.genfromtxt(folder / "states.csv", delimiter=",", names=True)
    states = recording.states()
    assert values.dtype.names == states.columns
    assert all(np.allclose(values[name], states.column(name)) for name in states.columns)
    with (folder / "log.csv").open(newline="") as file:
        assert [json.loads(row["line"]) for row in csv.DictReader(file)] == list(recording.lines)
