"""The lease: acquired, never taken unless asked for, kept alive while the program ticks, and returned."""

from __future__ import annotations

import threading
from typing import Any, Final

from behaviours.robots.spot.control.pulse import Pulse
from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import Loss, LostRobotError, explain, lease_loss, owner_words
from behaviours.robots.spot.link.link import is_bosdyn
from perception.base.errors import RobotError

RESOURCE: Final = "body"
RETAIN_EVERY_S: Final = 1.0
RETURN_S: Final = 2.0


class LeaseHold:
    """Our hold on the robot. `acquire` gets it, a thread retains it while `pulse` beats, `release` returns it."""

    def __init__(self, connection: Connection, pulse: Pulse) -> None:
        self._connection, self._pulse = connection, pulse
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.held = False

    def acquire(self, *, take: bool) -> None:
        """Get the lease; `take` takes it from whoever has it. RobotError, naming the holder, if it is not to be had."""
        from bosdyn.client.lease import ResourceAlreadyClaimedError

        client = self._connection.lease
        try:
            client.take(RESOURCE) if take else client.acquire(RESOURCE)
        except ResourceAlreadyClaimedError as error:
            holder = owner_words(error.response.lease_owner)
            raise RobotError(
                f"the robot is controlled by {holder}; let go of it there (on the tablet: release control), "
                "or take it with --take-lease"
            ) from error
        except Exception as error:
            if not is_bosdyn(error):
                raise
            raise explain(error, self._connection.target.hostname, "acquiring the lease") from error
        self.held = True
        self._thread = threading.Thread(target=self._retain, name="lease", daemon=True)
        self._thread.start()

    def _retain(self) -> None:
        """Until the end: as long as the program ticks, tell the robot that it is still there."""
        wallet, client = self._connection.robot.lease_wallet, self._connection.lease
        while not self._ended.wait(RETAIN_EVERY_S):
            if not self._pulse.beating():
                continue
            try:
                client.retain_lease(wallet.get_lease(RESOURCE), timeout=RETURN_S)
            except Exception as error:
                if not is_bosdyn(error):
                    raise
                lost = lease_loss(error)
                if lost is not None and not self._ended.is_set():
                    self._connection.link.lose(LostRobotError(lost, Loss.LEASE))
                    self.held = False
                    return

    def release(self) -> bool:
        """Stop retaining, and return the lease if it is still ours. True if it was returned. Safe twice."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2 * RETURN_S)
            self._thread = None
        lost = self._connection.link.lost
        if not self.held or (lost is not None and lost.loss is Loss.LEASE):
            self.held = False
            return False
        self.held = False
        return self._connection.link.last(self._return, timeout=RETURN_S)

    def _return(self, timeout: float) -> None:
        wallet: Any = self._connection.robot.lease_wallet
        lease = wallet.get_lease(RESOURCE)
        self._connection.lease.return_lease(lease, timeout=timeout)
        wallet.remove(lease)
