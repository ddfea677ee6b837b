"""What bosdyn's exceptions mean, in words that say what to do; and which of them may pass by themselves."""

from __future__ import annotations

from enum import Enum
from typing import Any

from perception.base.errors import ConfigError, RobotError
from perception.base.extras import unusable

CREDENTIALS = (
    "set BOSDYN_CLIENT_USERNAME and BOSDYN_CLIENT_PASSWORD in the environment, or run in a terminal to be asked"
)


class Loss(Enum):
    """Why the robot cannot be used any more, which decides what may still be sent to it.

    LINK: it is not reached; one stop is tried. LEASE: somebody else has it; nothing is sent. POWER: the e-stop or a
    fault has stopped it; no motion is sent.
    """

    LINK = "link"
    LEASE = "lease"
    POWER = "power"


class LostRobotError(RobotError):
    """The robot was lost in the middle. loss: what exactly."""

    def __init__(self, message: str, loss: Loss) -> None:
        super().__init__(message)
        self.loss = loss


class FaultyRobotError(RobotError):
    """A behaviour fault keeps the robot from this command; if it is that of a fall, the robot may get up."""


class NoPictureError(RobotError):
    """A camera has no picture, or a damaged one, this time; a moment later it may have one."""


def missing(error: ImportError) -> ConfigError:
    """The error for an absent or broken bosdyn package, of whatever speaks the Spot API."""
    return unusable("the Spot API", "spot", error)


def words(error: BaseException) -> str:
    """The robot's or the library's own words on one line, without the name of a protobuf message."""
    text = getattr(error, "error_message", "") or str(error) or type(error).__name__
    response = getattr(error, "response", None)
    said = getattr(response, "message", "") if response is not None else ""
    faults = ", ".join(f"{fault.name} {fault.error_message}" for fault in getattr(response, "blocking_faults", ()))
    return " ".join(f"{text} {said} {faults}".split())


def is_transient(error: BaseException) -> bool:
    """True if the same call may well succeed in a moment: no route, no answer in time, too many calls."""
    from bosdyn.client.exceptions import RetryableRpcError

    return isinstance(error, RetryableRpcError)


def is_late(error: BaseException | None) -> bool:
    """True if a command came after its own end time: the robot's clock was set, or the network was slow."""
    from bosdyn.client.robot_command import ExpiredError

    return isinstance(error, ExpiredError)


def is_fault(error: BaseException) -> bool:
    """True if the robot takes no command because of a behaviour fault."""
    from bosdyn.client.robot_command import BehaviorFaultError

    return isinstance(error, BehaviorFaultError)


def owner_words(owner: Any) -> str:
    """Who holds a lease, from a bosdyn.api.LeaseOwner."""
    name, user = getattr(owner, "client_name", ""), getattr(owner, "user_name", "")
    if not name and not user:
        return "an unknown client"
    return f"{name or 'an unnamed client'}{f' (user {user})' if user else ''}"


def lease_loss(error: BaseException) -> str | None:
    """Why we do not hold the lease any more, naming who does; None if the error is about something else."""
    from bosdyn.client.exceptions import LeaseUseError
    from bosdyn.client.lease import LeaseNotOwnedByWallet, NoSuchLease

    owner: Any = None
    if isinstance(error, LeaseUseError):
        owner = error.lease_use_result.owner
    elif isinstance(error, LeaseNotOwnedByWallet):
        owner = getattr(error.lease_state, "lease_owner", None)
    elif not isinstance(error, NoSuchLease):
        return None
    holder = f"it is held by {owner_words(owner)}" if owner is not None and str(owner).strip() else "nobody holds it"
    return f"the lease is lost: {holder}; nothing more is commanded. Take control back on purpose, then run again"


def explain(error: BaseException, host: str, doing: str) -> RobotError:
    """The RobotError for an exception of bosdyn. host: the robot's name. doing: what was tried, e.g. "walking"."""
    from bosdyn.client import exceptions as rpc
    from bosdyn.client import image
    from bosdyn.client import robot_command as command

    lost = lease_loss(error)
    if lost is not None:
        return LostRobotError(lost, Loss.LEASE)
    said = words(error)
    if isinstance(error, image.ImageDataError | image.SourceDataError):
        return NoPictureError(f"{type(error).__name__}: {said}")
    advice: tuple[tuple[tuple[type[BaseException], ...], str, Loss | None], ...] = (
        (
            (rpc.UnknownDnsNameError,),
            f"no robot named {host!r}: the name does not resolve; check --hostname and the network",
            Loss.LINK,
        ),
        (
            (rpc.UnauthenticatedError, rpc.PermissionDeniedError),
            f"{host} does not accept our login any more ({said}); log in again by starting anew",
            Loss.LINK,
        ),
        (
            (rpc.UnableToConnectToRobotError, rpc.TransientFailureError, rpc.TimedOutError, rpc.RpcError),
            f"{host} does not answer while {doing} ({type(error).__name__}: {said}); check network, port and power",
            Loss.LINK,
        ),
        (
            (command.NotPoweredOnError,),
            f"the motors of {host} are off ({said}); release the e-stop and run again",
            Loss.POWER,
        ),
        (
            (command.BehaviorFaultError,),
            f"{host} has a behaviour fault ({said}); see `spot-grasp check --hostname {host}`",
            Loss.POWER,
        ),
        ((command.DockedError,), f"{host} stands on its dock; run with --undock", Loss.POWER),
    )
    for kinds, text, loss in advice:
        if isinstance(error, kinds):
            return LostRobotError(text, loss) if loss is not None else RobotError(text)
    return RobotError(f"{host} refused {doing}: {type(error).__name__}: {said}")
