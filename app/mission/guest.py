"""Using the robot as a guest of a mission: with the mission's lease, motor power and e-stop, and none of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.spot.lease import RESOURCE
from app.spot.session import Session
from perception.errors import RobotError


class Guest(Session):
    """A `Session` that takes nothing and gives nothing back. `lend` is called with the mission's lease at each tick."""

    _lent: bytes = b""

    def begin(self) -> None:
        if not self.view().has_arm:
            raise RobotError(f"{self._link.host} has no arm; this program needs one")

    def entered(self, look: Callable[[], None]) -> None:
        """Nothing to look at: between missions the robot may sit with its motors off."""

    def end(self) -> None:
        """The lease is the mission's."""

    def _owned(self) -> bool:
        from bosdyn.client.lease import LeaseState, NoSuchLease

        try:
            state = self._connection.robot.lease_wallet.get_lease_state(RESOURCE)
        except NoSuchLease:
            return False
        return bool(state.lease_status == LeaseState.Status.SELF_OWNER)

    def lend(self, lease: Any) -> None:
        """Command from now on with a sub-lease of this bosdyn.api.Lease, and tell the robot that it is in use."""
        from bosdyn.client.lease import Lease

        robot = self._connection.robot
        serial = lease.SerializeToString(deterministic=True)
        if serial != self._lent or not self._owned():  # else our sub-lease of it has moved on, and must not go back
            robot.lease_wallet.add(Lease(lease).create_sublease(robot.client_name))
            self._lent = serial
        self._connection.lease.retain_lease_async(robot.lease_wallet.get_lease(RESOURCE))
