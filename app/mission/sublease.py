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
    """A `Session` that acquires and returns nothing; `check` and `use` take the lease of each Tick."""

    _lease_in_use: Any = None
    """The bosdyn.client.lease.Lease in use."""

    def begin(self) -> None:
        lacks = self.view().lacks()
        if lacks is not None:
            raise RobotError(f"{self._link.host} has {lacks}")

    def entered(self, look: Callable[[], None]) -> None:
        """Nothing is checked: between missions the robot may sit with its motors off."""

    def end(self) -> None:
        """The lease is the mission's."""

    def is_older(self, lease: Any) -> bool:
        """Whether the lease in use is newer than this bosdyn.api.Lease."""
        from bosdyn.client.lease import Lease

        older = (Lease.CompareResult.OLDER, Lease.CompareResult.SUPER_LEASE)
        return (
            self._lease_in_use is not None
            and bool(lease.sequence)
            and Lease(lease).compare(self._lease_in_use) in older
        )

    def check(self, lease: Any) -> Any | None:
        """Ask the robot whether it accepts this bosdyn.api.Lease. None if it does, else a LeaseUseResult with this
        lease and what is wrong with it, and nothing about other leases. It commands nothing.

        RobotError if the robot does not answer.
        """
        from bosdyn.api.lease_pb2 import LeaseUseResult
        from bosdyn.client.exceptions import LeaseUseError

        if not lease.sequence:
            return _refused(lease, LeaseUseResult.STATUS_INVALID_LEASE)
        if self.is_older(lease):
            return _refused(lease, LeaseUseResult.STATUS_OLDER)
        try:  # not through the link: a refused lease of another caller is no loss of ours
            answer = self._connection.lease.retain_lease(self._sublease(lease), timeout=RPC_S)
        except LeaseUseError as error:
            return _refused(lease, error.lease_use_result.status)
        except Exception as error:
            if not is_bosdyn(error):
                raise
            kind = "does not answer" if is_transient(error) else "refuses to tell"
            raise RobotError(f"{self._link.host} {kind} whether it accepts the mission's lease") from error
        if answer.lease_use_result.status != LeaseUseResult.STATUS_OK:  # the vendor's client accepts an unset status
            return _refused(lease, LeaseUseResult.STATUS_INVALID_LEASE)
        return None

    def _sublease(self, lease: Any) -> Any:
        """The sub-lease for commands; for the lease in use, the wallet's, which advances with each command."""
        from bosdyn.client.lease import Lease

        robot = self._connection.robot
        if self._lease_in_use is not None and lease == self._lease_in_use.lease_proto and self._owned():
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
        """Command from now on with a sub-lease of this bosdyn.api.Lease, which `check` has accepted."""
        from bosdyn.client.lease import Lease

        sublease = self._sublease(lease)
        if self._lease_in_use is None or lease != self._lease_in_use.lease_proto or not self._owned():
            self._connection.robot.lease_wallet.add(sublease)
            self._lease_in_use = Lease(lease)

    def refusal(self, error: RobotError) -> Any | None:
        """The LeaseUseResult of a lease that was lost during a tick, as of `check`; None for another error."""
        from bosdyn.api.lease_pb2 import LeaseUseResult

        cause = error.__cause__
        if self._lease_in_use is None or cause is None or lease_loss(cause) is None:
            return None
        status = getattr(getattr(cause, "lease_use_result", None), "status", LeaseUseResult.STATUS_OLDER)
        return _refused(self._lease_in_use.lease_proto, status)


def _refused(lease: Any, status: int) -> Any:
    """A LeaseUseResult that tells nothing of other leases. The vendor's client needs a latest one for OLDER; it is the
    refused one."""
    from bosdyn.api.lease_pb2 import LeaseUseResult

    result = LeaseUseResult(attempted_lease=lease, status=status)
    if status == LeaseUseResult.STATUS_OLDER:
        result.latest_known_lease.CopyFrom(lease)
    return result
