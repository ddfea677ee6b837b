"""RemoteMissionService: what a mission calls to have the tree ticked. Duck-typed, so that grpc is needed to serve only.

A session is one node of a mission. The mission lends its lease with each Tick; we command with a sub-lease of it, and
never acquire or return one, nor own an e-stop.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any, Final

from app.mission.guest import Guest
from app.mission.parameters import specification, values_of
from app.mission.player import Player, Stage
from app.spot.errors import Loss, LostRobotError
from app.spot.lease import RESOURCE
from perception.errors import ConfigError, SpotGraspError

MAX_SESSIONS: Final = 64
"""A mission that is loaded again and again without a teardown must not fill the memory; the oldest idle one goes."""


class MissionServicer:
    """The callbacks. guest: the session of the stage's robot."""

    def __init__(self, stage: Stage, guest: Guest) -> None:
        self._stage, self._guest, self._parameters = stage, guest, stage.tree.parameters
        self._lock = threading.RLock()
        self._sessions: dict[str, Player | None] = {}

    # the callbacks, named as the service names them

    def EstablishSession(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Once for each node, when the mission is loaded: a session, if there is a lease to work with."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.EstablishSessionResponse()
        with ResponseContext(response, request), self._lock:
            if request.leases and _body_lease(request.leases) is None:
                response.status = response.STATUS_MISSING_LEASES
                response.missing_lease_resources.append(RESOURCE)
                return response
            self._make_room()
            response.session_id = uuid.uuid4().hex
            self._sessions[response.session_id] = None
            response.status = response.STATUS_OK
        return response

    def Tick(self, request: Any, context: Any) -> Any:  # noqa: N802
        """One tick of the tree; the first one, or the first after a Stop or an end, begins it anew."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.TickResponse()
        with ResponseContext(response, request), self._lock:
            if request.session_id not in self._sessions:
                response.status = response.STATUS_INVALID_SESSION_ID
                return response
            lease = _body_lease(request.leases)
            if lease is None:
                response.status = response.STATUS_MISSING_LEASES
                response.missing_lease_resources.append(RESOURCE)
                return response
            try:
                self._tick(request, response, lease)
            except LostRobotError as error:
                self._lost(response, error)
            except SpotGraspError as error:
                response.status, response.error_message = response.STATUS_FAILURE, str(error)
        return response

    def _tick(self, request: Any, response: Any, lease: Any) -> None:
        player = self._sessions[request.session_id]
        if player is None or player.over:
            try:
                values = values_of(self._parameters, request.params, request.inputs)
            except ConfigError as error:
                response.status = response.STATUS_CUSTOM_PARAMS_ERROR
                response.custom_param_error.status = response.custom_param_error.STATUS_INVALID_VALUE
                response.custom_param_error.error_messages.append(str(error))
                response.error_message = str(error)
                return
            self._end_others(request.session_id)
            self._stage.robot.connection.link.forgive()
            self._guest.lend(lease)
            player = self._sessions[request.session_id] = Player(self._stage, values)
        else:
            self._guest.lend(lease)
        word, response.error_message = player.tick()
        response.status = getattr(response, f"STATUS_{word}")

    def _lost(self, response: Any, error: LostRobotError) -> None:
        """A lost lease is the mission's to judge: it is told which, and may tick on. Anything else is a failure."""
        use = getattr(error.__cause__, "lease_use_result", None)
        if error.loss is Loss.LEASE and use is not None:
            response.lease_use_results.add().CopyFrom(use)
            response.status = response.STATUS_RUNNING
        else:
            response.status = response.STATUS_FAILURE
        response.error_message = str(error)

    def Stop(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The node was ticked last cycle and is not now: the robot stops, the tree begins anew at the next Tick."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.StopResponse()
        with ResponseContext(response, request), self._lock:
            response.status = self._end(request.session_id, response, forget=False)
        return response

    def TeardownSession(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The mission is unloaded."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.TeardownSessionResponse()
        with ResponseContext(response, request), self._lock:
            response.status = self._end(request.session_id, response, forget=True)
        return response

    def GetRemoteMissionServiceInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The tree's parameters, for the tablet."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.GetRemoteMissionServiceInfoResponse()
        with ResponseContext(response, request):
            response.custom_params.CopyFrom(specification(self._parameters))
        return response

    # between them

    def _end(self, session: str, response: Any, *, forget: bool) -> int:
        if session not in self._sessions:
            return int(response.STATUS_INVALID_SESSION_ID)
        player = self._sessions[session]
        if player is not None:
            player.stop()
        if forget:
            del self._sessions[session]
        else:
            self._sessions[session] = None
        return int(response.STATUS_OK)

    def _end_others(self, session: str) -> None:
        """There is one robot: a tree that another session has left running ends."""
        for other, player in self._sessions.items():
            if other != session and player is not None:
                player.stop("interrupted", "another session of the mission has begun")

    def _make_room(self) -> None:
        if len(self._sessions) < MAX_SESSIONS:
            return
        idle = [session for session, player in self._sessions.items() if player is None or player.over]
        if idle:
            del self._sessions[idle[0]]

    def close(self) -> None:
        """Stop what runs; no session is known any more."""
        with self._lock:
            for player in self._sessions.values():
                if player is not None:
                    player.stop("interrupted", "the service has ended")
            self._sessions.clear()


def _body_lease(leases: Any) -> Any | None:
    """The lease of the whole body, None if there is not exactly one."""
    found = [lease for lease in leases if lease.resource == RESOURCE]
    return found[0] if len(found) == 1 else None
