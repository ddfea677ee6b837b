"""RemoteMissionService: the callbacks that a mission calls to tick the tree. Duck-typed, so that only serving needs
grpc.

A session is one node of a mission. Each Tick brings the mission's lease. Commands use a sub-lease of it; no lease is
acquired or returned, and no e-stop is owned. Callers are not trusted: the session id is secret, and nothing happens
before the robot has accepted the lease of the call.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from app.base.output import warn
from app.mission.mission_run import MissionParts, MissionRun
from app.mission.parameters import specification, values_of
from app.mission.session_ids import SessionIds
from app.mission.sublease import SubleaseSession
from behaviours.robots.spot.control.lease import RESOURCE
from perception.base.errors import ConfigError, RobotError, SpotGraspError

SILENCE_S: Final = 2.0
"""Wall seconds without a Tick after which the robot is stopped."""
LOOK_S: Final = 0.1
CHECKED_AT_ONCE: Final = 3
"""Concurrent lease checks for sessions without a run. Fewer than the server's threads, so that other callers never
delay the running mission."""
MAX_UNREPORTED: Final = 64


class MissionServicer:
    """The callbacks. spot: the session of the robot in `parts`. silence_s: wall seconds without a Tick after which the
    robot is stopped."""

    def __init__(self, parts: MissionParts, spot: SubleaseSession, silence_s: float = SILENCE_S) -> None:
        self._parts, self._spot, self._parameters = parts, spot, parts.tree.parameters
        self._silence_s = silence_s
        self._ids = SessionIds()
        self._lock = threading.RLock()
        self._checking = threading.BoundedSemaphore(CHECKED_AT_ONCE)
        self._session = ""
        """The one whose run goes on; "" if there is none."""
        self._run: MissionRun | None = None
        self._ticked_s = 0.0
        self._unreported: dict[str, str] = {}
        """The reason why a session's run has ended, until its mission is told."""
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="mission-watch", daemon=True)
        self._watcher.start()

    # the callbacks, with the names of the RPCs

    def EstablishSession(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Called for each node when the mission is loaded. Issues a session id unless the robot refuses the lease."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.EstablishSessionResponse()
        with ResponseContext(response, request):
            lease = _body_lease(request.leases)
            refused = None
            if lease is not None:
                refused = self._check(lease, context)
            elif request.leases:
                response.missing_lease_resources.append(RESOURCE)
            if refused is not None:
                response.lease_use_results.add().CopyFrom(refused)
            if refused is not None or response.missing_lease_resources:
                response.status = response.STATUS_MISSING_LEASES
                return response
            response.session_id = self._ids.issue()
            response.status = response.STATUS_OK
        return response

    def Tick(self, request: Any, context: Any) -> Any:  # noqa: N802
        """One tick of the tree. The first Tick, and the first after a Stop or an end, starts a new run."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.TickResponse()
        with ResponseContext(response, request):
            if not self._ids.valid(request.session_id):
                response.status = response.STATUS_INVALID_SESSION_ID
                return response
            lease = _body_lease(request.leases)
            if lease is None:
                response.status = response.STATUS_MISSING_LEASES
                response.missing_lease_resources.append(RESOURCE)
                return response
            try:
                refused = None if self._session == request.session_id else self._check(lease, context)
                if refused is None:
                    with self._lock:
                        refused = self._tick(request, response, lease)
                if refused is not None:
                    _refuse(response, refused)
            except SpotGraspError as error:
                response.status, response.error_message = response.STATUS_FAILURE, str(error)
        return response

    def _check(self, lease: Any, context: Any) -> Any | None:
        """As `SubleaseSession.check`, for a session without a run: outside the lock, and few at a time."""
        import grpc

        if not self._checking.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls at once; try again")
        try:
            return self._spot.check(lease)
        finally:
            self._checking.release()

    def _tick(self, request: Any, response: Any, lease: Any) -> Any | None:
        """Fill the response, or return the refusal of a lease. The lock is held."""
        session = request.session_id
        running = self._run is not None and self._session == session
        try:
            refused = self._spot.check(lease)
        except RobotError:
            if not running:
                raise
            refused = None  # the lease in use stays; the tree finds out whether the robot is lost
        else:
            if refused is None:
                self._spot.use(lease)
        if refused is not None:
            if running and not self._spot.is_older(lease):
                self._end("error", "the lease is lost: the robot refuses the mission's")
            return refused
        if session in self._unreported:
            response.status, response.error_message = response.STATUS_FAILURE, self._unreported.pop(session)
            return None
        if not running and not self._begin(request, response):
            return None
        return self._tick_run(response)

    def _begin(self, request: Any, response: Any) -> bool:
        """Start a run, in place of the present one; False if the parameters are refused."""
        try:
            values = values_of(self._parameters, request.params, request.inputs, self._parts.tree.known)
        except ConfigError as error:
            response.status = response.STATUS_CUSTOM_PARAMS_ERROR
            response.custom_param_error.status = response.custom_param_error.STATUS_INVALID_VALUE
            response.custom_param_error.error_messages.append(str(error))
            response.error_message = str(error)
            return False
        self._end("interrupted", "another session of the mission has begun")
        self._parts.robot.connection.link.forgive()
        self._run, self._session = MissionRun(self._parts, values), request.session_id
        return True

    def _tick_run(self, response: Any) -> Any | None:
        """One tick of the run; the refusal if its lease was lost. Any other loss of the robot is raised."""
        assert self._run is not None
        try:
            word, response.error_message = self._run.tick()
            response.status = getattr(response, f"STATUS_{word}")
        except RobotError as error:
            refused = self._spot.refusal(error)
            if refused is not None:
                self._report_later("the lease was lost")
                return refused
            raise
        finally:
            self._ticked_s = time.monotonic()
            if self._run is not None and self._run.over:
                self._session, self._run = "", None
        return None

    def Stop(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The mission no longer ticks this node: the robot stops, and the next Tick starts a new run."""
        from bosdyn.api.mission import remote_pb2

        return self._leave(request, remote_pb2.StopResponse(), forget=False)

    def TeardownSession(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The mission is unloaded."""
        from bosdyn.api.mission import remote_pb2

        return self._leave(request, remote_pb2.TeardownSessionResponse(), forget=True)

    def GetRemoteMissionServiceInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The tree's parameters, for the tablet."""
        from bosdyn.api.mission import remote_pb2
        from bosdyn.client.server_util import ResponseContext

        response = remote_pb2.GetRemoteMissionServiceInfoResponse()
        with ResponseContext(response, request):
            response.custom_params.CopyFrom(specification(self._parameters))
        return response

    # the runs

    def _leave(self, request: Any, response: Any, *, forget: bool) -> Any:
        from bosdyn.client.server_util import ResponseContext

        session = request.session_id
        with ResponseContext(response, request):
            if not self._ids.valid(session):
                response.status = response.STATUS_INVALID_SESSION_ID
                return response
            if self._session == session or session in self._unreported:
                with self._lock:
                    if self._session == session:
                        self._end("interrupted", "stopped by the mission")
                    self._unreported.pop(session, None)
            if forget:
                self._ids.revoke(session)
            response.status = response.STATUS_OK
        return response

    def _end(self, status: Any, reason: str) -> None:
        """End the run, if there is one, and keep the reason for its mission. The lock is held."""
        run = self._run
        if run is None:
            return
        self._report_later(reason)
        self._session, self._run = "", None
        run.stop(status, reason)

    def _report_later(self, reason: str) -> None:
        self._unreported[self._session] = f"the run has ended: {reason}; the next Tick starts a new run"
        if len(self._unreported) > MAX_UNREPORTED:
            del self._unreported[next(iter(self._unreported))]

    def _watch(self) -> None:
        """Stop the robot of a mission that sends no Tick any more."""
        while not self._closed.wait(LOOK_S):
            with self._lock:
                silent_s = time.monotonic() - self._ticked_s
                if self._run is None or silent_s <= self._silence_s:
                    continue
                try:
                    self._end("interrupted", f"no Tick for {silent_s:.1f} s, so the robot was stopped")
                except (SpotGraspError, OSError) as error:  # for example a full disk; the robot is stopped already
                    warn(f"the run folder could not be closed: {error}")

    def close(self) -> None:
        """End the run and the watcher."""
        self._closed.set()
        with self._lock:
            self._end("interrupted", "the service has ended")
        self._watcher.join()


def _refuse(response: Any, refused: Any) -> None:
    """Report that the robot refuses the lease. The status is RUNNING: the mission decides what follows."""
    response.lease_use_results.add().CopyFrom(refused)
    response.status = response.STATUS_RUNNING
    response.error_message = f"the robot refuses the lease of this call ({_status(refused)})"


def _status(refused: Any) -> str:
    value = refused.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_number.get(refused.status)
    return str(value.name) if value is not None else f"status {refused.status}"


def _body_lease(leases: Any) -> Any | None:
    """The lease of the whole body, None if there is not exactly one."""
    body = [lease for lease in leases if lease.resource == RESOURCE]
    return body[0] if len(body) == 1 else None
