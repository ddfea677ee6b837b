"""A session of the Spot that belongs to a mission: its lease, motor power and e-stop are used, none is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from behaviours.robots.spot.control.lease import RESOURCE
from behaviours.robots.spot.control.session import Session
from behaviours.robots.spot.link.errors import is_transient, lease_loss
from behaviours.robots.spot.link.link import RPC_S, is_bosdyn
from perception.base.errors import RobotError


class SubleaseSession(Session):
    """A `Session` that takes nothing and gives nothing back; `check` and `use` get the lease of each Tick."""

    _lent: Any = None
    """The bosdyn.client.lease.Lease that was lent last."""

    def begin(self) -> None:
        lacks = self.view().lacks()
        if lacks is not None:
            raise RobotError(f"{self._link.host} has {lacks}")

    def entered(self, look: Callable[[], None]) -> None:
        """Nothing to look at: between missions the robot may sit with its motors off."""

    def end(self) -> None:
        """The lease is the mission's."""

    def is_older(self, lease: Any) -> bool:
        """Whether a newer lease than this bosdyn.api.Lease has been lent, so that this one comes too late."""
        from bosdyn.client.lease import Lease

        older = (Lease.CompareResult.OLDER, Lease.CompareResult.SUPER_LEASE)
        return self._lent is not None and bool(lease.sequence) and Lease(lease).compare(self._lent) in older

    def check(self, lease: Any) -> Any | None:
        """Ask the robot whether it takes this bosdyn.api.Lease: None if it does, else a LeaseUseResult that tells
        nothing but the lease that was shown and what is wrong with it. Nothing else is done, whoever shows it.

        RobotError if the robot does not answer.
        """
        from bosdyn.api.lease_pb2 import LeaseUseResult
        from bosdyn.client.exceptions import LeaseUseError

        if not lease.sequence:
            return _refused(lease, LeaseUseResult.STATUS_INVALID_LEASE)
        if self.is_older(lease):
            return _refused(lease, LeaseUseResult.STATUS_OLDER)
        try:  # not by the link: a lease of somebody else, refused, is no loss of ours
            answer = self._connection.lease.retain_lease(self._sublease(lease), timeout=RPC_S)
        except LeaseUseError as error:
            return _refused(lease, error.lease_use_result.status)
        except Exception as error:
            if not is_bosdyn(error):
                raise
            kind = "does not answer" if is_transient(error) else "refuses to say"
            raise RobotError(f"{self._link.host} {kind} whether it takes the mission's lease") from error
        if answer.lease_use_result.status != LeaseUseResult.STATUS_OK:  # the vendor's client lets an unset one pass
            return _refused(lease, LeaseUseResult.STATUS_INVALID_LEASE)
        return None

    def _sublease(self, lease: Any) -> Any:
        """What we command with: a sub-lease of this one, or what has become of it by commands since it was lent."""
        from bosdyn.client.lease import Lease

        robot = self._connection.robot
        if self._lent is not None and lease == self._lent.lease_proto and self._owned():
            return robot.lease_wallet.get_lease(RESOURCE)
        return Lease(lease).create_sublease(robot.client_name)

    def _owned(self) -> bool:
        from bosdyn.client.lease import LeaseState, NoSuchLease

        try:
            state = self._connection.robot.lease_wallet.get_lease_state(RESOURCE)
        except NoSuchLease:
            return False
        return bool(state.lease_status == LeaseState.Status.SELF_OWNER)

    def use(self, lease: Any) -> None:
        """Command from now on with a sub-lease of this bosdyn.api.Lease, which `check` has found good."""
        from bosdyn.client.lease import Lease

        sublease = self._sublease(lease)
        if self._lent is None or lease != self._lent.lease_proto or not self._owned():
            self._connection.robot.lease_wallet.add(sublease)
            self._lent = Lease(lease)

    def refusal(self, error: RobotError) -> Any | None:
        """The LeaseUseResult for a loss of the lease in the middle of a tick, as `check` gives it; None for another."""
        from bosdyn.api.lease_pb2 import LeaseUseResult

        cause = error.__cause__
        if self._lent is None or cause is None or lease_loss(cause) is None:
            return None
        status = getattr(getattr(cause, "lease_use_result", None), "status", LeaseUseResult.STATUS_OLDER)
        return _refused(self._lent.lease_proto, status)


def _refused(lease: Any, status: int) -> Any:
    """A LeaseUseResult without what the robot knows of other leases; the vendor's client wants a latest one for OLDER,
    which is then the one that was shown."""
    from bosdyn.api.lease_pb2 import LeaseUseResult

    result = LeaseUseResult(attempted_lease=lease, status=status)
    if status == LeaseUseResult.STATUS_OLDER:
        result.latest_known_lease.CopyFrom(lease)
    return result
