"""One good file of every kind that a command reads, and the commands that read it; robots, servers and physics stop
before they start."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from simulation.spot_api.access.certificate import make_certificate
from tests.support.engine_jobs import InlineMapper, fake_label_job, fake_view_job
from tests.support.onnx_files import channel_network, segmentation_network
from tests.support.synthetic import Cylinder, camera_at, render

TREE = (
    '<root BTCPP_format="4"><BehaviorTree ID="T"><Sequence><AlwaysSuccess name="a"/></Sequence></BehaviorTree></root>'
)
FAULTS = """[[faults]]
kind = "rpc_delay"
at_s = 1.5
rpc = "PowerService.*"
seconds = 0.2
[[faults]]
kind = "object_bumped"
offset_m = [0.1, 0, 0]
"""
SCENE = """[target]
mesh = "{mesh}"
mass_kg = 0.3
distance_m = [1.8, 2.5]
[clutter]
count = 1
families = ["can"]
[light]
intensity = 3.0
"""
OBJECT = """<robot name="box"><link name="box">
  <contact><lateral_friction value="0.8"/></contact>
  <inertial><mass value="0.3"/></inertial>
  <visual><origin xyz="0 0 0.1" rpy="0 0 1.5"/><geometry><mesh filename="{mesh}" scale="1 1 0.5"/></geometry></visual>
  <visual><geometry><cylinder radius="0.02" length="0.1"/></geometry></visual>
</link></robot>
"""
RULES = {"TestNodeConfigs": {"Missed": {"return_status": "FAILURE", "async_delay": 20, "post_script": "n := 1"}},
         "SubstitutionRules": {"CloseGripper": "Missed", "*ook*": "AlwaysSuccess"}}  # fmt: skip


IMPORTED = (
    "app.commands.tree_files.problems", "app.commands.tree_files.show", "app.session.run", "app.replay.player",
    "app.session.compose", "app.commands.perceive.files",
    "app.mission.export", "app.commands.gif",
    "app.mission.compile", "behaviours.registry", "behaviours.robots.fake.robot", "perception.detection.detector",
    "onnxruntime",
    "onnx.checker", "mujoco", "trimesh", "simulation.robot_files.user_robot", "training.dataset.verify",
    "training.evaluation.heatmap", "training.evaluation.clutter_scenes", "structlog",
    "app.parts.vocabulary", "app.session.substitute",
    "simulation.spot_api.faults.spec",
    "app.commands.simulate", "app.commands.tree_files.preflight", "bosdyn.client", "scipy.spatial",
)  # fmt: skip
"""Before the processes part, so that each need not."""


@dataclass(frozen=True)
class Kind:
    """file: its name, with the folders it must be in. content: a good one. run: the exit code of a command that reads
    the file of this path. lists: the command lists what is wrong on stdout. tells: the exit code for a bad file."""

    name: str
    file: str
    content: bytes
    run: Callable[[Path], int]
    lists: bool = False
    tells: int = 2


class Stopped(BaseException):
    """The file is good; what follows needs no file."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        raise self


def command(*before: str, after: tuple[str, ...] = ()) -> Callable[[Path], int]:
    """Run a command on the path; @ in the arguments is the folder of the path."""

    def run(path: Path) -> int:
        words = [str(part).replace("@", str(path.parent)) for part in (*before, path, *after)]
        return main(words, Interrupts())

    return run


def kinds(folder: Path) -> list[Kind]:
    """All kinds. folder: for good files that stand beside the bad ones."""
    for name in IMPORTED:
        importlib.import_module(name)
    _stop_what_is_heavy()
    return [*_trees(), *_perception(folder), *_simulation(folder), *_data(folder)]


def _stop_what_is_heavy() -> None:
    import simulation.genesis.robot
    import simulation.spot_api.server
    from behaviours.robots.spot.link import probe
    from simulation.scene.build import sample_scene
    from simulation.scene.spec import load_scene
    from training.dataset import jobs
    from training.evaluation import clutter

    def robot(scene: str, seed: int, **_: Any) -> None:
        sample_scene(load_scene(scene), seed)
        raise Stopped

    simulation.genesis.robot.GenesisRobot = robot  # type: ignore[misc,assignment]
    simulation.spot_api.server.SpotServer = Stopped  # type: ignore[misc,assignment]
    probe.socket = SimpleNamespace(create_connection=Stopped, gaierror=OSError)  # type: ignore[assignment]
    clutter.evaluate_clutter = Stopped  # type: ignore[assignment]
    jobs.label_job, jobs.view_job = fake_label_job, fake_view_job  # type: ignore[assignment]


def _trees() -> list[Kind]:
    run = ("run", "--robot", "fake", "--view", "none", "--record", "@/r", "--time-limit", "2")
    tree, rules = TREE.encode(), json.dumps(RULES).encode()
    log = _log()
    return [
        Kind("tree, check", "t.xml", tree, command("check"), lists=True),
        Kind("tree, show", "t.xml", tree, command("show")),
        Kind("tree, format", "t.xml", tree, command("format", "--check"), lists=True),
        Kind("tree, run", "t.xml", tree, command(*run)),
        Kind("tree, mission export", "t.xml", tree, command("mission", "export", "--out", "@/m.node")),
        Kind("substitutions", "s.json", rules, command(*run, "grasp_bottle", "--substitute")),
        Kind("settings", "n.toml", b"[grasp]\ncandidates = 12\n", command(*run, "grasp_bottle", "--settings")),
        Kind("log of a run", "log.jsonl", log, command("replay", "--plain")),
    ]


def _log() -> bytes:
    node = {"uid": 1, "path": "T", "name": "T", "tag": "Sequence", "kind": "control", "depth": 0, "ports": {}}
    leaf = {**node, "uid": 2, "path": "T/a", "name": "a", "depth": 1, "ports": {"x": "1"}}
    lines: list[dict[str, Any]] = [{"t": 0.0, "event": "tree", "title": "t", "main": "T", "nodes": [node, leaf]}]
    for step, (old, new) in enumerate((("IDLE", "RUNNING"), ("RUNNING", "SUCCESS"))):
        lines.append({"t": step + 0.5, "event": "transition", "uid": 2, "path": "T/a", "old": old, "new": new})
    lines.append({"t": 2.0, "event": "overrun", "wall_ms": 12.5, "leaf_ms": 3.0, "leaf": "a"})
    lines.append({"t": 2.0, "event": "blackboard", "scope": "T", "key": "k", "value": {"v": [1, 2.5]}})
    lines.append({"t": 2.5, "event": "result", "status": "SUCCESS", "reason": ""})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _perception(folder: Path) -> list[Kind]:
    view = render(Cylinder(), camera_at((-0.5, 0.05, 0.62), (0.0, 0.0, 0.62)))
    millimetres = np.where(view.depth < 4, view.depth * 1000, 0).round().astype(np.uint16)
    given = {
        "rgb": folder / "rgb.png",
        "depth": folder / "depth.npy",
        "mask": folder / "mask.png",
        "heatmap": folder / "h.onnx",
    }
    cv2.imwrite(str(given["rgb"]), np.ascontiguousarray(view.rgb[..., ::-1]))
    cv2.imwrite(str(given["mask"]), view.mask.astype(np.uint8) * 255)
    np.save(given["depth"], millimetres)
    channel_network(given["heatmap"], 7, also=("Sign",))
    row = np.zeros((1, 39), np.float32)
    row[0, :5] = 48, 32, 20, 30, 0.9
    segmentation_network(folder / "d.onnx", (64, 96), row, np.ones((32, 16, 24), np.float32))

    def perceive(option: str) -> Callable[[Path], int]:
        used = {key: value for key, value in given.items() if key != option and (key, option) != ("mask", "detector")}
        words = [part for key, value in used.items() for part in (f"--{key}", str(value))]
        return command("perceive", "--intrinsics", "552,552,320,240", *words, f"--{option}")

    found = [
        Kind("depth, npy", "d.npy", given["depth"].read_bytes(), perceive("depth")),
        Kind("mask, png", "m.png", given["mask"].read_bytes(), perceive("mask")),
        Kind("heatmap network", "h.onnx", given["heatmap"].read_bytes(), perceive("heatmap")),
        Kind("detector network", "d.onnx", (folder / "d.onnx").read_bytes(), perceive("detector")),
    ]
    for suffix in ("png", "jpg", "bmp", "tiff", "webp"):
        picture = cv2.imencode(f".{suffix}", np.ascontiguousarray(view.rgb[..., ::-1]))[1].tobytes()
        found.append(Kind(f"colour, {suffix}", f"c.{suffix}", picture, perceive("rgb")))
    for suffix in ("png", "tiff"):
        picture = cv2.imencode(f".{suffix}", millimetres)[1].tobytes()
        found.append(Kind(f"depth, {suffix}", f"d.{suffix}", picture, perceive("depth")))
    return found


def _simulation(folder: Path) -> list[Kind]:
    import imageio_ffmpeg
    import trimesh

    from simulation.robot_files.spot_model import write_spot
    from simulation.robot_files.urdf import adapt_urdf  # noqa: F401  (imported before the fork)

    genesis = ("run", "grasp_bottle", "--robot", "genesis", "--record", "@/r")
    box = trimesh.creation.box((0.05, 0.06, 0.2))
    found = []
    for suffix in ("obj", "stl", "ply", "glb"):
        box.export(folder / f"box.{suffix}")
        content = (folder / f"box.{suffix}").read_bytes()

        def scene(path: Path) -> int:
            (path.parent / "scene.toml").write_text(SCENE.format(mesh=path.name), errors="replace")
            return main(
                [
                    *(word.replace("@", str(path.parent)) for word in genesis),
                    "--scene",
                    str(path.parent / "scene.toml"),
                ],
                Interrupts(),
            )

        found.append(Kind(f"mesh, {suffix}", f"m.{suffix}", content, scene))
    toml = SCENE.format(mesh=folder / "box.stl").encode()
    writer = imageio_ffmpeg.write_frames(str(folder / "v.mp4"), (64, 48), fps=10, macro_block_size=2)
    writer.send(None)
    for shade in range(10):
        writer.send(np.full((48, 64, 3), 20 * shade, np.uint8))
    writer.close()
    mjcf = write_spot(folder / "spot").read_text().replace('file="', f'file="{folder}/spot/').encode()
    return [
        *found,
        Kind("scene", "s.toml", toml, command(*genesis, "--scene")),
        Kind("faults, toml", "f.toml", FAULTS.encode(), command("simulate", "--robot", "fake", "--faults")),
        Kind("faults, json", "f.json", b'{"faults": [{"kind": "rpc_delay", "at_s": 1, "times": 2}]}',
             command("simulate", "--robot", "fake", "--faults")),
        Kind("object, urdf", "o.urdf", OBJECT.format(mesh=folder / "box.stl").encode(), _objects),
        Kind("robot, mjcf", "r.xml", mjcf, command(*genesis, "--robot-file")),
        Kind("robot, urdf", "r.urdf", _urdf(folder), command(*genesis, "--robot-file")),
        Kind("certificate", "c.pem", make_certificate().ca,
             command("check", "--hostname", "localhost", "--certificate")),
        Kind("video", "v.mp4", (folder / "v.mp4").read_bytes(), command("gif", after=("@/o.gif", "--width", "32"))),
    ]  # fmt: skip


def _objects(path: Path) -> int:
    """Read the folder of a file as objects."""
    words = ["evaluate", "packed", "--out", str(path.parent / "out"), "--objects", str(path.parent)]
    return main(words, Interrupts())


def _urdf(folder: Path) -> bytes:
    from tests.simulation.robot_files.test_user_robot import foreign_urdf

    text = foreign_urdf(folder).read_text()
    return text.replace("package://dog_description", str(folder / "dog_description")).encode()


def _data(folder: Path) -> list[Kind]:
    from training.dataset.generate import generate
    from training.dataset.plan import Plan
    from training.heatmap.arrays import training_arrays

    good = folder / "set"
    generate(Plan(per_family=1, scenes=2, views=2, samples=8), good, InlineMapper())
    training_arrays(good, "lift")
    files = {path.relative_to(good).as_posix(): path for path in sorted(good.rglob("*")) if path.is_file()}

    def reader(name: str, *words: str) -> Callable[[Path], int]:
        def run(path: Path) -> int:
            root = path.parents[name.count("/")]
            for other, source in files.items():
                if other != name:
                    (root / other).parent.mkdir(parents=True, exist_ok=True)
                    (root / other).symlink_to(source)
            return main([str(root) if word == "@" else word.replace("@", str(root)) for word in words], Interrupts())

        return run

    def kind(what: str, name: str, *words: str, tells: int = 2) -> Kind:
        content, run = files[name].read_bytes(), reader(name, *words)
        return Kind(f"{what}, {words[0]} {words[1]}", name, content, run, lists=tells == 1, tells=tells)

    view = next(name for name in files if name.startswith("views/"))
    label = next(name for name in files if name.startswith("labels/"))
    projected = next(name for name in files if name.startswith("projected/view"))
    arrays = next(name.removesuffix("samples.json") for name in files if name.endswith("samples.json"))
    return [
        kind("plan of a set", "plan.json", "dataset", "info", "@"),
        kind("list of a set", "dataset.json", "dataset", "verify", "@"),
        kind("list of a set", "dataset.json", "dataset", "info", "@"),
        kind("view", view, "dataset", "show", "@", "--out", "@/sheet.png"),
        kind("projected labels", projected, "dataset", "show", "@", "--out", "@/sheet.png"),
        kind("label", label, "dataset", "verify", "@", tells=1),
        kind("samples", f"{arrays}samples.json", "evaluate", "heatmap", "--split", "train", "--data", f"@/{arrays}"),
        kind(
            "training array", f"{arrays}inputs.npy", "evaluate", "heatmap", "--split", "train", "--data", f"@/{arrays}"
        ),
        kind("training labels", f"{arrays}labels.npy", "dataset", "join", f"@/{arrays}", "--out", "@/joined"),
    ]
