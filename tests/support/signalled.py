"""Runs of the command, signalled at any moment, whose output nobody need read, for the tests."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from simulation.spot_api import SpotServer
from tests.support.places import ROOT

TREE = """<root BTCPP_format="4" main_tree_to_execute="Far"><BehaviorTree ID="Far"><Sequence>
<RememberPose pose="{here}"/><OffsetPose pose="{here}" forward_m="900" moved="{there}"/>
<ParallelAll><WalkTo pose="{there}" max_speed_mps="0.5" max_yaw_rate_radps="0.5"/>
<Sequence><Sleep msec="800"/><Report text="now"/></Sequence>
<Repeat num_cycles="-1"><Sequence><MoveArm pose="ready" max_joint_speed_radps="1"/>
<MoveArm pose="stow" max_joint_speed_radps="1"/></Sequence></Repeat></ParallelAll></Sequence></BehaviorTree></root>"""
"""It walks for half an hour, and moves its arm."""
HEED_HANGUP: Final = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\nimport app.__main__"
"""The command, for `python -c`; it obeys SIGHUP also where the tests run under nohup."""
LAUNCH: Final = """
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)
for descriptor, name in ((1, sys.argv[1]), (2, sys.argv[2])):
    if name == "closed":
        os.close(descriptor)
    elif name == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), descriptor)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[3], *sys.argv[4:]])
"""
START: Final = "import app.__main__"
WAYS: Final = ("read", "unread", "closed", "full", "terminal")
"""What becomes of a stream; a `terminal` is one that is stopped, with the live view on it."""


@dataclass
class Run:
    """A started command. out: what stdout said, once it has ended."""

    process: subprocess.Popen[bytes]
    folder: Path
    out: bytes = b""
    _open: list[int] = field(default_factory=list)

    def ready(self) -> bool:
        """Whether it answers signals: before, Python itself has not begun to run it."""
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{self.process.pid}/status").read_text()
            caught = next(line for line in text.splitlines() if line.startswith("SigCgt"))
            return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
        return False

    def ticks(self) -> bool:
        log = self.folder / "log.jsonl"
        return log.is_file() and b'"RUNNING"' in log.read_bytes()

    def end(self, limit_s: float = 60.0) -> int:
        """Its exit code. AssertionError if it does not end."""
        try:
            self.out = self.process.communicate(timeout=limit_s)[0] or b""
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {limit_s:.0f} s") from None
        finally:
            self.process.kill()
            self.process.wait()
            for descriptor in self._open:
                os.close(descriptor)
        return self.process.returncode


def full_pipe() -> tuple[int, int]:
    """A pipe that takes nothing more, as of a reader that does not read."""
    here, there = os.pipe()
    os.set_blocking(there, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(there, b"x" * 4096)
    os.set_blocking(there, True)
    return here, there


def start(
    folder: Path, server: SpotServer | None, *, stdout: str, stderr: str, code: str = START, more: tuple[str, ...] = ()
) -> Run:
    """Start a run of TREE with the fake, or on the server's robot. stdout, stderr: of WAYS. code: what Python runs."""
    tree = folder.with_suffix(".xml")
    tree.write_text(TREE)
    view = "live" if stderr == "terminal" else "plain"
    arguments = ["run", str(tree), "--record", str(folder), "--json", "--view", view, *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONIOENCODING": "ascii"}
    if server is None:
        arguments += ["--robot", "fake", "--real-time"]
    else:
        arguments += ["--robot", "spot", "--hostname", "127.0.0.1", "--port", str(server.port)]
        arguments += ["--certificate", str(server.ca_file)]
        environment |= {"BOSDYN_CLIENT_USERNAME": server.username, "BOSDYN_CLIENT_PASSWORD": server.password}
    opened: list[int] = []
    streams: list[Any] = []
    for way in (stdout, stderr):
        if way == "unread":
            here, there = full_pipe()
        elif way == "terminal":
            here, there = pty.openpty()
        else:
            streams.append(subprocess.PIPE if way == "read" else subprocess.DEVNULL)
            continue
        opened += [here, there]
        streams.append(there)
    command = [sys.executable, "-S", "-c", LAUNCH, stdout, stderr, code, *arguments]
    process = subprocess.Popen(command, stdout=streams[0], stderr=streams[1], env=environment, cwd=folder.parent)
    return Run(process, folder, _open=opened)


class Walked:
    """Follows a simulated robot's body: when it moved last, on the server's clock in simulated seconds."""

    def __init__(self, server: SpotServer) -> None:
        self._server, self._at, self.moved_s = server, (0.0, 0.0), 0.0
        server.world.on_step.append(self._look)

    def _look(self, robot: Any) -> None:
        at = tuple(robot.body_pose().position_m[:2])
        if max(abs(a - b) for a, b in zip(at, self._at, strict=True)) > 1e-4:
            self.moved_s = robot.now()
        self._at = at

    @property
    def now_s(self) -> float:
        return self._server.world.snapshot.simulated_s


def wait_until(condition: Any, run: Run, limit_s: float = 120.0) -> None:
    """Wait until it is so. AssertionError if the run has ended before."""
    end_s = time.monotonic() + limit_s
    while not condition():
        assert run.process.poll() is None, f"it ended with {run.process.returncode}"
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.005)
