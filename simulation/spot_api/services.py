"""Creates the services of the robot and lists each in the directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bosdyn.api import (
    auth_service_pb2,
    data_buffer_service_pb2,
    directory_registration_service_pb2,
    directory_service_pb2,
    estop_service_pb2,
    fault_service_pb2,
    gripper_camera_param_service_pb2,
    image_service_pb2,
    lease_service_pb2,
    license_service_pb2,
    manipulation_api_service_pb2,
    payload_service_pb2,
    power_service_pb2,
    robot_command_service_pb2,
    robot_id_service_pb2,
    robot_state_service_pb2,
    time_sync_service_pb2,
    world_object_service_pb2,
)
from bosdyn.api.docking import docking_service_pb2
from bosdyn.api.keepalive import keepalive_service_pb2
from bosdyn.api.spot import inverse_kinematics_service_pb2

from simulation.spot_api.access.auth import Auth
from simulation.spot_api.access.directory import Directory
from simulation.spot_api.access.keepalive import Keepalive
from simulation.spot_api.access.time_sync import TimeSync
from simulation.spot_api.body.estop import Estop
from simulation.spot_api.body.identity import RobotId
from simulation.spot_api.body.lease import Leases
from simulation.spot_api.body.machine import Machine
from simulation.spot_api.body.power import Power
from simulation.spot_api.body.state import State
from simulation.spot_api.body.world import World
from simulation.spot_api.bookkeeping import CameraParameters, DataBuffer, License, Payloads, ServiceFaults, WorldObjects
from simulation.spot_api.cameras.images import Images
from simulation.spot_api.commands.activity import Order
from simulation.spot_api.commands.command import Commander
from simulation.spot_api.commands.docking import Docking
from simulation.spot_api.commands.kinematics import InverseKinematics
from simulation.spot_api.commands.manipulation import Manipulation, no_end_time
from simulation.spot_api.commands.settings import WalkSettings
from simulation.spot_api.faults.inject import Faults
from simulation.spot_api.rpc.received import ReceivedLog


@dataclass(frozen=True)
class Parts:
    """What the services work on.

    lens: camera model of all cameras, one of `lens.LENSES`. target_seen: called with the pixel of the target's middle
    in a picture. walk: settings of mobility commands.
    """

    world: World
    machine: Machine
    leases: Leases
    estop: Estop
    auth: Auth
    directory: Directory
    faults: Faults
    log: ReceivedLog
    lens: str
    target_seen: Callable[[tuple[float, float]], None]
    walk: WalkSettings


def build_services(parts: Parts) -> tuple[Commander, list[tuple[Any, object]]]:
    """(the commander, (service descriptor, servicer) of every service)."""
    world, machine, leases, estop, faults = parts.world, parts.machine, parts.leases, parts.estop, parts.faults
    time_sync = TimeSync(world.clock)
    commander = Commander(world, machine, leases, time_sync.known, faults.hindered, parts.walk)
    docking = Docking(world, machine, leases, commander, Order(world, no_end_time, faults.hindered))
    keepalive = Keepalive(world.clock, machine, parts.log.event)
    world.on_step.append(keepalive.look)
    service_faults = ServiceFaults(world.clock)
    manipulation = Manipulation(world, machine, leases, commander, faults.hindered)

    def estop_state() -> tuple[int, str]:
        return estop.level(), estop.described()

    served: list[tuple[str, str, Any, object]] = [
        ("auth", "auth", auth_service_pb2, parts.auth),
        ("robot-id", "id", robot_id_service_pb2, RobotId()),
        ("directory", "api", directory_service_pb2, parts.directory),
        ("directory-registration", "api", directory_registration_service_pb2, parts.directory),
        ("time-sync", "api", time_sync_service_pb2, time_sync),
        ("lease", "api", lease_service_pb2, leases),
        ("estop", "estop", estop_service_pb2, estop),
        ("power", "power", power_service_pb2, Power(machine, leases, estop.level)),
        (
            "robot-state",
            "state",
            robot_state_service_pb2,
            State(world, machine, estop_state, commander.carrying, service_faults.fill),
        ),
        ("robot-command", "command", robot_command_service_pb2, commander),
        (
            "image",
            "api",
            image_service_pb2,
            Images(world, faults.spoil, parts.target_seen, parts.lens),
        ),
        ("manipulation", "manipulation", manipulation_api_service_pb2, manipulation),
        ("docking", "docking", docking_service_pb2, docking),
        ("keepalive", "keepalive", keepalive_service_pb2, keepalive),
        ("fault", "fault", fault_service_pb2, service_faults),
        ("world-objects", "world-objects", world_object_service_pb2, WorldObjects(world)),
        ("gripper-camera-param", "gripper-cam", gripper_camera_param_service_pb2, CameraParameters()),
        ("inverse-kinematics", "inverse-kinematics", inverse_kinematics_service_pb2, InverseKinematics(world)),
        ("license", "license", license_service_pb2, License()),
        ("payload", "payload", payload_service_pb2, Payloads()),
        ("data-buffer", "buffer", data_buffer_service_pb2, DataBuffer()),
    ]
    services = []
    for name, authority, module, servicer in served:
        descriptor = next(iter(module.DESCRIPTOR.services_by_name.values()))
        token = name not in ("auth", "robot-id")
        parts.directory.add(name, descriptor.full_name, f"{authority}.spot.robot", token=token)
        services.append((descriptor, servicer))
    return commander, services
