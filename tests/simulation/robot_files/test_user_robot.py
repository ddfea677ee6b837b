"""Robot files of other people, adapted: read back by MuJoCo with our kinematics, and refused in one line if they
cannot be Spot. The files here are hand-written in the manner of the public ones, with boxes for meshes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import trimesh

from perception.base.errors import ConfigError
from simulation.robot_files.names import our_joint
from simulation.robot_files.spot_model import ARM_JOINTS, BASE_JOINTS, JAW_JOINT, LEG_JOINTS, write_spot
from simulation.robot_files.user_robot import adapt_robot, check_robot

mujoco = pytest.importorskip("mujoco")

HIPS = {"fl": (0.29785, 0.055), "fr": (0.29785, -0.055), "hl": (-0.29785, 0.055), "hr": (-0.29785, -0.055)}
ARM = (
    ("sh0", "0.292 0 0.188", "0 0 1", (-2.618, 3.1416)),
    ("sh1", "0 0 0", "0 1 0", (-3.1416, 0.5236)),
    ("el0", "0.3385 0 0", "0 1 0", (0.0, 3.1416)),
    ("el1", "0.4033 0 0.075", "1 0 0", (-2.7925, 2.7925)),
    ("wr0", "0 0 0", "0 1 0", (-1.8326, 1.8326)),
    ("wr1", "0 0 0", "1 0 0", (-2.8798, 2.8798)),
    ("f1x", "0.11745 0 0.01482", "0 1 0", (-1.57, 0.0)),
)
LONG = {"fl": "front_left", "fr": "front_right", "hl": "rear_left", "hr": "rear_right"}
PARTS = {"hx": "hip_x", "hy": "hip_y", "kn": "knee"}


def write_box(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    trimesh.creation.box((0.1, 0.05, 0.05)).export(file)


def foreign_mjcf(folder: Path) -> Path:
    """As MuJoCo models are written: degrees, a free root in the air, classes, a mesh folder, actuators, a keyframe."""
    write_box(folder / "assets" / "block.obj")
    inertial = '<inertial pos="0 0 0" mass="1" diaginertia="0.01 0.01 0.01"/>'
    geoms = '<geom class="visual" mesh="block"/><geom class="collision" mesh="block"/>'
    legs = ""
    for leg, (x, y) in HIPS.items():
        side = np.sign(y) * 0.1108
        legs += f'<body name="{leg}_hip" pos="{x} {y} 0">{inertial}<joint name="{leg}_hx" axis="1 0 0"/>{geoms}'
        legs += f'<body name="{leg}_uleg" pos="0 {side} 0">{inertial}<joint name="{leg}_hy" axis="0 1 0"/>{geoms}'
        legs += f'<body name="{leg}_lleg" pos="0.025 0 -0.32">{inertial}<joint name="{leg}_kn" axis="0 1 0"/>'
        legs += '<geom type="sphere" size="0.03" pos="0 0 -0.33"/></body></body></body>'
    arm = ""
    for name, origin, axis, limits in ARM:
        low, high = np.degrees(limits)
        arm += f'<body name="arm_link_{"fngr" if name == "f1x" else name}" pos="{origin}">{inertial}'
        arm += f'<joint name="arm_{name}" axis="{axis}" range="{low} {high}"/>{geoms}'
    arm += "</body>" * len(ARM)
    text = f"""<mujoco model="dog">
      <compiler meshdir="assets" autolimits="true"/>
      <option integrator="implicitfast"/>
      <asset><mesh file="block.obj"/></asset>
      <default><default class="dog"><joint damping="3" stiffness="7" armature="0.5" range="-90 90"/>
        <default class="visual"><geom type="mesh" group="2" contype="0" conaffinity="0"/></default>
        <default class="collision"><geom type="mesh" group="3"/></default></default></default>
      <worldbody>
        <light pos="0 0 3" mode="targetbody" target="trunk"/><geom name="floor" type="plane" size="1 1 1"/>
        <body name="trunk" childclass="dog" pos="0 0 0.75"><freejoint name="root"/><camera name="eye"/>
          <site name="imu"/>{inertial}{geoms}{legs}{arm}</body>
      </worldbody>
      <contact><exclude body1="trunk" body2="fl_uleg"/></contact>
      <actuator><position name="a" joint="arm_sh0" kp="9"/></actuator>
      <sensor><gyro site="imu"/></sensor>
      <keyframe><key name="home" qpos="0 0 0.46 1 0 0 0 {"0 " * 19}"/></keyframe>
    </mujoco>"""
    file = folder / "dog.xml"
    file.write_text(text)
    return file


def foreign_urdf(folder: Path, arm_prefix: str = "arm0.", *, ros: bool = True, gripper: bool = True) -> Path:
    """As ROS writes it: package paths, a massless base_link beside the body, effort limits, transmissions."""
    write_box(folder / "dog_description" / "meshes" / "block.stl")
    mesh = '<geometry><mesh filename="package://dog_description/meshes/block.stl"/></geometry>'
    text = '<robot name="dog"><link name="base"/><link name="base_link"/>'
    text += '<joint name="b" type="fixed"><parent link="base"/><child link="base_link"/></joint>'

    def add(name: str, parent: str, child: str, origin: str, axis: str, limits: tuple[float, float], felt: bool) -> str:
        collision = f"<collision>{mesh}</collision>" if felt else ""
        return (
            f'<link name="{child}"><visual>{mesh}</visual>{collision}</link>'
            f'<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{child}"/>'
            f'<origin xyz="{origin}"/><axis xyz="{axis}"/><dynamics damping="4" friction="2"/>'
            f'<limit lower="{limits[0]}" upper="{limits[1]}" effort="9" velocity="9"/></joint>'
        )

    for leg, (x, y) in HIPS.items():
        side = np.sign(y) * 0.1108
        steps = (("hx", f"{x} {y} 0", "1 0 0"), ("hy", f"0 {side} 0", "0 1 0"), ("kn", "0.025 0 -0.32", "0 1 0"))
        parent = "base"
        for part, origin, axis in steps:
            name = f"{LONG[leg]}_{PARTS[part]}" if ros else f"{leg}.{part}"
            text += add(name, parent, f"{leg}.{part}.link", origin, axis, (-3, 3), True)
            parent = f"{leg}.{part}.link"
    parent = "base"
    for name, origin, axis, limits in ARM:
        child = f"{arm_prefix}link_{'fngr' if name == 'f1x' else name}"
        text += add(f"{arm_prefix}{name}", parent, child, origin, axis, limits, gripper)
        parent = child
    text += f'<transmission name="t"><joint name="{arm_prefix}sh0"/></transmission></robot>'
    file = folder / "dog_description" / "urdf" / "dog.urdf"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def maker_urdf(folder: Path) -> Path:
    return foreign_urdf(folder, ros=False, gripper=False)


def ros_urdf(folder: Path) -> Path:
    return foreign_urdf(folder, "spot/arm_")


FOREIGN = [foreign_mjcf, maker_urdf, ros_urdf]


def placed(model, names: list[str], values: np.ndarray):
    data = mujoco.MjData(model)
    for name, value in zip(names, values, strict=True):
        data.joint(name).qpos[0] = value
    mujoco.mj_kinematics(model, data)
    return data


@pytest.mark.parametrize("write", FOREIGN)
def test_a_foreign_robot_moves_as_ours(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    adapted = adapt_robot(write(tmp_path), tmp_path / "out")
    if adapted.suffix == ".urdf":  # MuJoCo would merge the fixed links and drop their names
        compiler = '<compiler fusestatic="false" strippath="false" boundmass="1e-6" boundinertia="1e-9"/>'
        adapted.write_text(adapted.read_text().replace("</robot>", f"<mujoco>{compiler}</mujoco></robot>"))
    theirs = mujoco.MjModel.from_xml_path(str(adapted))
    ours = mujoco.MjModel.from_xml_path(str(write_spot(tmp_path / "own")))
    names = [*BASE_JOINTS, *LEG_JOINTS, *ARM_JOINTS, JAW_JOINT]
    assert {theirs.joint(i).name for i in range(theirs.njnt)} == set(names)
    bodies = [ours.body(i).name for i in range(1, ours.nbody)]
    rng = np.random.default_rng(3)
    for values in rng.uniform(-1.5, 1.5, (20, len(names))):
        a, b = placed(theirs, names, values), placed(ours, names, values)
        for name in bodies:
            assert np.allclose(a.body(name).xpos, b.body(name).xpos, atol=0.002), name
            assert np.allclose(a.body(name).xmat, b.body(name).xmat, atol=0.002), name


def test_an_adapted_mjcf_keeps_no_passive_forces_and_no_leg_contact(tmp_path: Path) -> None:
    model = mujoco.MjModel.from_xml_path(str(adapt_robot(foreign_mjcf(tmp_path), tmp_path / "out")))
    assert not model.dof_damping.any()
    assert not model.jnt_stiffness.any()
    assert np.allclose(model.dof_armature, 0.1)
    assert not any(model.joint(name).limited[0] for name in BASE_JOINTS)
    assert (model.nu, model.nsensor, model.nkey, model.nlight, model.nexclude) == (0, 0, 0, 0, 1)
    felt = {model.body(model.geom_bodyid[g]).name for g in range(model.ngeom) if model.geom_contype[g]}
    assert felt == {"body", *ARM_JOINTS, "fngr"}


def test_the_shapes_of_a_foreign_leg_are_still_seen(tmp_path: Path) -> None:
    root = ET.parse(adapt_robot(foreign_mjcf(tmp_path), tmp_path / "out")).getroot()
    hip = next(body for body in root.iter("body") if body.get("name") == "fl_hip")
    assert [geom.get("class") for geom in hip.findall("geom")] == ["visual"]


def test_a_urdf_s_legs_are_seen_and_not_felt(tmp_path: Path) -> None:
    root = ET.parse(adapt_robot(ros_urdf(tmp_path), tmp_path / "out")).getroot()
    felt = {link.get("name") for link in root.iter("link") if link.find("collision") is not None}
    assert felt == {*ARM_JOINTS, "fngr"}
    assert sum(link.find("visual") is not None for link in root.iter("link")) == 19


def test_masses_and_a_gripper_that_feels_are_added_where_a_urdf_has_none(tmp_path: Path) -> None:
    root = ET.parse(adapt_robot(maker_urdf(tmp_path), tmp_path / "out")).getroot()
    links = {link.get("name"): link for link in root.iter("link")}
    assert float(links["fngr"].find("inertial/mass").get("value")) == pytest.approx(0.2)
    assert len(links["wr1"].findall("collision")) + len(links["fngr"].findall("collision")) == 10
    assert all(Path(mesh.get("filename")).is_file() for mesh in root.iter("mesh"))


def test_only_legs_of_an_mjcf_without_masses_get_ours(tmp_path: Path) -> None:
    file = foreign_mjcf(tmp_path)
    file.write_text(file.read_text().replace('<inertial pos="0 0 0" mass="1" diaginertia="0.01 0.01 0.01"/>', ""))
    model = mujoco.MjModel.from_xml_path(str(adapt_robot(file, tmp_path / "out")))
    assert model.body("fl_uleg").mass[0] == pytest.approx(2.34)
    assert model.body("el0").mass[0] == pytest.approx(2 * 1000 * 0.1 * 0.05 * 0.05)


def test_our_own_file_goes_through(tmp_path: Path) -> None:
    adapted = adapt_robot(write_spot(tmp_path), tmp_path / "out")
    assert mujoco.MjModel.from_xml_path(str(adapted)).njnt == 25


def test_the_user_s_file_is_not_changed(tmp_path: Path) -> None:
    file = foreign_mjcf(tmp_path)
    before = file.read_bytes(), sorted(tmp_path.rglob("*"))
    check_robot(file)
    assert (file.read_bytes(), sorted(tmp_path.rglob("*"))) == before


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("arm_sh0", "sh0"), ("arm0.wr1", "wr1"), ("arm0_f1x", "f1x"), ("el0", "el0"), ("fl.hx", "fl_hx"),
        ("rear_right_knee", "hr_kn"), ("front_left_hip_y", "fl_hy"), ("spot/arm0.sh1", "sh1"), ("base_x", "base_x"),
        ("arm1_sh0", None), ("arm_joint1", None), ("sh0_left", None), ("FL_hip_joint", None), ("", None), ("hr0", None),
    ],
)  # fmt: skip
def test_names(theirs: str, ours: str | None) -> None:
    assert our_joint(theirs) == ours


def refused(file: Path) -> str:
    with pytest.raises(ConfigError) as error:
        check_robot(file)
    text = str(error.value)
    assert str(file) in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", ":1:1: not XML"),
        ("<mujoco><worldbody></mujoco>", "not XML"),
        ("<sdf/>", "<sdf>"),
        ("<mujoco/>", "no joint named fl_hx"),
        ("<mujoco><worldbody/></mujoco>", "found: none"),
        ("<mujoco><include file='dog.xml'/></mujoco>", "includes 'dog.xml'"),
        ("<robot xmlns:xacro='http://www.ros.org/wiki/xacro'><xacro:if value='1'/></robot>", "expand them first"),
        ('<robot><joint name="sh0" type="revolute"/></robot>', "found: sh0"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "robot.xml"
    file.write_text(content)
    assert says in refused(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nothing.xml")


MJCF_CHANGES = {
    "a joint missing": ('name="arm_f1x"', 'name="claw"', "no joint named f1x"),
    "a joint twice": ('name="arm_sh1"', 'name="arm0.sh0"', "'arm_sh0' and 'arm0.sh0' both mean sh0"),
    "a tail": ('<freejoint name="root"/>', '<joint name="tail"/>', "nothing drives: tail"),
    "a nameless joint": ('<freejoint name="root"/>', "<joint/>", "(without a name)"),
    "base joints in part": ('<freejoint name="root"/>', '<joint name="base_x"/>', "no joint named base_y"),
    "a second body": ("</worldbody>", '<body name="table"/></worldbody>', "2 bodies in <worldbody>: trunk, table"),
    "a mesh missing": ('file="block.obj"', 'file="brick.obj"', "'brick.obj' is missing"),
    "another sense": ('"arm_sh0" axis="0 0 1"', '"arm_sh0" axis="0 0 -1"', "sh0 turns about"),
    "a longer arm": ('pos="0.3385 0 0"', 'pos="0.36 0 0"', "joint el0 is at (0.652, 0.000, 0.188)"),
    "an arm without end": ('pos="0.3385 0 0"', 'pos="1e200 0 0"', "joint el0 is more than 100 m from the body"),
    "a jaw that opens up": ('axis="0 1 0" range="-89', 'axis="0 1 0" range="-9', "the jaw's joint moves"),
    "a sliding elbow": ('name="arm_el0"', 'type="slide" name="arm_el0"', "el0 is of another kind"),
    "a class unknown": ('childclass="dog"', 'childclass="cat"', "MuJoCo cannot read"),
}


def assert_refused_once_changed(file: Path, old: str, new: str, says: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    assert says in refused(file)


@pytest.mark.parametrize("change", MJCF_CHANGES)
def test_an_mjcf_that_is_no_spot_is_refused(tmp_path: Path, change: str) -> None:
    assert_refused_once_changed(foreign_mjcf(tmp_path), *MJCF_CHANGES[change])


URDF_CHANGES = {
    "a package missing": ("package://dog_description", "package://cat_description", "folders cat_description/"),
    "a turned hip": ('xyz="0.29785 0.055 0"', 'xyz="0.29785 0.055 0" rpy="0 0 0.5"', "fl_hx turns about"),
    "a second root": ('<link name="base"/>', '<link name="base"/><link name="post"/>', "2 links hang on no other"),
    "a child missing": ('<child link="base_link"/>', '<child link="bass"/>', "'bass' of joint 'b' is not a link"),
}


@pytest.mark.parametrize("change", URDF_CHANGES)
def test_a_urdf_that_is_no_spot_is_refused(tmp_path: Path, change: str) -> None:
    assert_refused_once_changed(ros_urdf(tmp_path), *URDF_CHANGES[change])
