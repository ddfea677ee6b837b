"""Takes pictures for the guides: `python -m docs.pages RUN` writes docs/page.jpg, docs/report.jpg and docs/rerun.jpg.

RUN: the folder of a recorded run, for the report and for rerun. The page is that of a run on the fake robot. It needs
chromium and playwright (the extra `dev`), and for rerun an X display and a driver of Vulkan, such as lavapipe."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2

from app.export.rerun_stream import write_rrd
from app.export.story import Story, moments
from behaviours.recording.recording import read_recording
from tests.app.web.browser import browser

DOCS = Path(__file__).parent
QUALITY = 72
RUN_S = 9.0
"""When the page is taken: the hand is at the object."""


def shot(opened: Any, address: str, out: Path, *, wait_s: float, size: tuple[int, int], scheme: str) -> None:
    """A picture of a window."""
    context = opened.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    page.wait_for_timeout(1000 * wait_s)
    page.screenshot(path=str(out), type="jpeg", quality=QUALITY)
    context.close()
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB")


def rerun_window(run: Path, out: Path) -> None:
    """A picture of a run's end in rerun."""
    with tempfile.TemporaryDirectory() as folder:
        file, seen = Path(folder) / "run.rrd", Path(folder) / "seen.png"
        recording = read_recording(run)
        write_rrd(file, moments(recording, Story(run, recording.nodes)), recording.title, at_end=True)
        words = ["rerun", str(file), "--screenshot-to", str(seen), "--window-size", "1500x940"]
        subprocess.run([*words, "--renderer", "vulkan", "--port", "auto"], check=True)
        picture = cv2.imread(str(seen))
        assert picture is not None
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (1400, 1400 * height // width), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(out), small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB")


def main(run: str) -> None:
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        words = ["run", "grasp_bottle", "--robot", "fake", "--real-time", "--view", "none", "--web", "0"]
        words += ["--watch", "object", "--record", f"{folder}/run"]
        process = subprocess.Popen([sys.executable, "-m", "app", *words], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        address = re.search(r"http://\S+", process.stderr.readline())
        assert address is not None
        shot(opened, address[0], DOCS / "page.jpg", wait_s=RUN_S, size=(1240, 760), scheme="light")
        process.wait()
        report = Path(folder) / "report.html"
        subprocess.run([sys.executable, "-m", "app", "report", run, "--out", str(report)], check=True)
        shot(opened, report.as_uri(), DOCS / "report.jpg", wait_s=1.0, size=(900, 760), scheme="dark")
    rerun_window(Path(run), DOCS / "rerun.jpg")


if __name__ == "__main__":
    main(sys.argv[1])
