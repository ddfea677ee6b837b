"""Services that keep what they are told: faults, world objects, camera parameters, licence, payloads, comments."""

from __future__ import annotations

import threading
from typing import Any

from bosdyn.api import gripper_camera_param_pb2, license_pb2, service_fault_pb2, world_object_pb2

from simulation.spot_api.body.frames import fill_tree, to_proto, vec3
from simulation.spot_api.body.identity import SERIAL_NUMBER
from simulation.spot_api.body.world import World
from simulation.spot_api.rpc.clock import RobotClock, timestamp
from simulation.spot_api.rpc.serve import Call, InvalidRequestError

OBJECT_SIZE_M = (0.07, 0.07, 0.2)


class ServiceFaults:
    """FaultService. `fill` writes the active faults into a robot state."""

    def __init__(self, clock: RobotClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._active: dict[tuple[str, str], Any] = {}

    def trigger_service_fault(self, request: Any, response: Any, call: Call) -> None:
        identity = request.fault.fault_id
        if not identity.fault_name or not (identity.service_name or identity.payload_guid):
            raise InvalidRequestError("a service fault needs a name and the service or payload it belongs to")
        key = (identity.fault_name, identity.service_name or identity.payload_guid)
        statuses = service_fault_pb2.TriggerServiceFaultResponse
        with self._lock:
            if key in self._active:
                response.status = statuses.STATUS_FAULT_ALREADY_ACTIVE
                return
            fault = service_fault_pb2.ServiceFault()
            fault.CopyFrom(request.fault)
            fault.onset_timestamp.CopyFrom(timestamp(self._clock.now()))
            self._active[key] = fault
        response.status = statuses.STATUS_OK

    def clear_service_fault(self, request: Any, response: Any, call: Call) -> None:
        identity = request.fault_id
        with self._lock:
            chosen = [
                key
                for key, fault in self._active.items()
                if key == (identity.fault_name, identity.service_name or identity.payload_guid)
                or (request.clear_all_service_faults and fault.fault_id.service_name == identity.service_name)
                or (request.clear_all_payload_faults and fault.fault_id.payload_guid == identity.payload_guid)
            ]
            for key in chosen:
                del self._active[key]
        statuses = service_fault_pb2.ClearServiceFaultResponse
        response.status = statuses.STATUS_OK if chosen else statuses.STATUS_FAULT_NOT_ACTIVE

    def fill(self, state: Any) -> None:
        """Write a ServiceFaultState."""
        state.SetInParent()
        with self._lock:
            for fault in self._active.values():
                state.faults.add().CopyFrom(fault)


class WorldObjects:
    """WorldObjectService: the objects of the scene as drawable boxes, and objects added by clients."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._added: dict[int, Any] = {}
        self._count = 1000

    def list_world_objects(self, request: Any, response: Any, call: Call) -> None:
        kinds, snapshot = set(request.object_type), self._world.snapshot
        if not kinds or world_object_pb2.WORLD_OBJECT_DRAWABLE in kinds:
            objects = self._world.call(lambda robot: robot.objects())
            for number, (name, pose) in enumerate(objects.items(), 1):
                item = response.world_objects.add(id=number, name=name)
                item.acquisition_time.CopyFrom(timestamp(self._world.clock.now()))
                fill_tree(item.transforms_snapshot, snapshot)
                edge = item.transforms_snapshot.child_to_parent_edge_map[name]
                edge.parent_frame_name = "vision"
                edge.parent_tform_child.CopyFrom(to_proto(pose))
                box = item.drawable_properties.add(label=name, frame_name_drawable=name)
                box.box.size.CopyFrom(vec3(OBJECT_SIZE_M))
        with self._lock:
            for item in self._added.values():
                if not kinds or kinds & set(_kinds(item)):
                    response.world_objects.add().CopyFrom(item)

    def mutate_world_objects(self, request: Any, response: Any, call: Call) -> None:
        statuses, mutation = world_object_pb2.MutateWorldObjectResponse, request.mutation
        actions = world_object_pb2.MutateWorldObjectRequest
        with self._lock:
            if mutation.action == actions.ACTION_ADD:
                self._count += 1
                item = world_object_pb2.WorldObject()
                item.CopyFrom(mutation.object)
                item.id = self._count
                self._added[item.id] = item
                response.mutated_object_id, response.status = item.id, statuses.STATUS_OK
            elif mutation.object.id not in self._added:
                known = 0 < mutation.object.id < 1000
                response.status = statuses.STATUS_NO_PERMISSION if known else statuses.STATUS_INVALID_MUTATION_ID
            elif mutation.action == actions.ACTION_CHANGE:
                self._added[mutation.object.id].CopyFrom(mutation.object)
                response.mutated_object_id, response.status = mutation.object.id, statuses.STATUS_OK
            elif mutation.action == actions.ACTION_DELETE:
                del self._added[mutation.object.id]
                response.mutated_object_id, response.status = mutation.object.id, statuses.STATUS_OK
            else:
                response.status = statuses.STATUS_INVALID_WORLD_OBJECT


def _kinds(item: Any) -> list[int]:
    """Types of a world object, by its properties."""
    kinds = {
        "apriltag_properties": world_object_pb2.WORLD_OBJECT_APRILTAG,
        "image_properties": world_object_pb2.WORLD_OBJECT_IMAGE_COORDINATES,
        "dock_properties": world_object_pb2.WORLD_OBJECT_DOCK,
        "nogo_region_properties": world_object_pb2.WORLD_OBJECT_USER_NOGO,
    }
    types = [kind for name, kind in kinds.items() if item.HasField(name)]
    return [*types, world_object_pb2.WORLD_OBJECT_DRAWABLE] if item.drawable_properties else types


class CameraParameters:
    """GripperCameraParamService: keeps the parameters; they do not change the pictures."""

    def __init__(self) -> None:
        modes = gripper_camera_param_pb2.GripperCameraParams
        self._lock = threading.Lock()
        self._parameters = modes(camera_mode=modes.MODE_640_480)

    def set_params(self, request: Any, response: Any, call: Call) -> None:
        modes = gripper_camera_param_pb2.GripperCameraParams
        if request.params.camera_mode not in (modes.MODE_UNKNOWN, modes.MODE_640_480):
            raise InvalidRequestError("the simulated hand camera has 640 x 480 pixels and no other mode")
        with self._lock:
            self._parameters.MergeFrom(request.params)

    def get_params(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            response.params.CopyFrom(self._parameters)


class License:
    """LicenseService: every feature is enabled."""

    def get_license_info(self, request: Any, response: Any, call: Call) -> None:
        response.license.status = license_pb2.LicenseInfo.STATUS_VALID
        response.license.id, response.license.robot_serial = "simulated", SERIAL_NUMBER

    def get_feature_enabled(self, request: Any, response: Any, call: Call) -> None:
        for code in request.feature_codes:
            response.feature_enabled[code] = True


class Payloads:
    """PayloadService: the robot carries none."""

    def list_payloads(self, request: Any, response: Any, call: Call) -> None:
        """An empty list."""


class DataBuffer:
    """DataBufferService: accepts comments, messages, ticks and events, and keeps none of them."""

    def record_operator_comments(self, request: Any, response: Any, call: Call) -> None:
        """Accepted. The server's log has the request."""

    def record_text_messages(self, request: Any, response: Any, call: Call) -> None:
        """Accepted."""

    def record_signal_ticks(self, request: Any, response: Any, call: Call) -> None:
        """Accepted."""

    def record_events(self, request: Any, response: Any, call: Call) -> None:
        """Accepted."""
