"""Thousands of bad files for every kind of file that a command reads, each judged in a process of its own.

`python -m tests.app.bad_files COUNT [KIND ...]` prints a line of JSON for each kind: files made, refused (exit code 2,
one line), valid all the same (0 or 1), the most seconds of processor and megabytes, and what was wrong.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from tests.app.bad_files.damage import damaged, special
from tests.app.bad_files.good_files import Kind, Stopped, kinds

MOST_S = 5.0
MOST_BYTES = 1_000_000_000
BATCH = 50
PATIENCE_S = 60
"""Wall time after which a command hangs, on however busy a machine."""


def judge(kind: Kind, paths: list[Path], folder: Path) -> list[tuple[str, float, int]]:
    """(what is wrong, "refused" or "valid"; seconds of processor; bytes more than before) of the command on each path.

    One process takes them in turn; one that dies or hangs is followed by another, for the paths that are left.
    """
    verdicts: list[tuple[str, float, int]] = []
    while len(verdicts) < len(paths):
        told = folder / "told"
        told.write_text("")
        child = os.fork()
        if child == 0:
            _obey(kind, paths[len(verdicts) :], folder, told)
        lines, begin_s = 0, time.monotonic()
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            now = told.read_bytes().count(b"\n")
            if now != lines:
                lines, begin_s = now, time.monotonic()
            elif time.monotonic() - begin_s > PATIENCE_S:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.01)
        verdicts += [_verdict(kind, *json.loads(line)) for line in told.read_text().splitlines()]
        if len(verdicts) < len(paths):
            verdicts.append((f"died or hung: {os.waitstatus_to_exitcode(ended[1])}", 0.0, 0))
    return verdicts


def _verdict(kind: Kind, code: int, said: str, seconds: float, more: int) -> tuple[str, float, int]:
    lines = said.splitlines()
    if code in {0, 1} - {kind.tells} or (code == 3 and f"internal error: {Stopped.__name__}" in said):
        return "valid", seconds, more
    if code not in (2, kind.tells):
        return f"exit code {code}: {' | '.join(lines[-2:])[-300:]}", seconds, more
    if len(lines) != 1 and not (kind.lists and not lines):
        return f"{len(lines)} lines: {' | '.join(lines)[:300]}", seconds, more
    if seconds > MOST_S:
        return f"takes {seconds:.1f} s: {said}", seconds, more
    return ("refused" if more < MOST_BYTES else f"takes {more / 1e6:.0f} MB"), seconds, more


def _obey(kind: Kind, paths: list[Path], folder: Path, told: Path) -> NoReturn:
    """In the child: run the command on each path; its exit code, stderr, time and memory go to `told`."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(null, number)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 3 * MOST_BYTES,) * 2)  # spares the machine; use is what is judged
    for path in paths:
        said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 2)
        os.close(said)
        before_s, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            code = kind.run(path)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException as error:
            code = 70
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stdout.flush()
        sys.stderr.flush()
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        seconds = time.process_time() - before_s
        with told.open("a") as file:
            text = (folder / "said").read_text(errors="replace")
            file.write(json.dumps([code, text[:5000], seconds, more * 1024]) + "\n")
    os._exit(0)


def study(kind: Kind, others: list[bytes], count: int, seed: int = 0) -> dict[str, Any]:
    """What came of `count` bad files of a kind."""
    rng = random.Random(f"{kind.name} {seed}")
    tally: Counter[str] = Counter()
    worst_s, worst_bytes, wrong = 0.0, 0, []
    with tempfile.TemporaryDirectory(prefix="bad-") as name:
        folder = Path(name)
        good = folder / "good" / kind.file
        good.parent.mkdir(parents=True)
        good.write_bytes(kind.content)
        if (verdict := judge(kind, [good], folder)[0][0]) != "valid":
            wrong.append(f"the good one: {verdict}")
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            paths = [_bad(kind, others, rng, folder / str(number) / kind.file, number, count) for number in numbers]
            for number, (verdict, seconds, more) in zip(numbers, judge(kind, paths, folder), strict=True):
                fine = verdict in ("refused", "valid")
                tally[verdict if fine else "wrong"] += 1
                if not fine:
                    wrong.append(f"{number}: {verdict}")
                if verdict != "valid":
                    worst_s, worst_bytes = max(worst_s, seconds), max(worst_bytes, more)
                shutil.rmtree(folder / str(number), ignore_errors=True)
    return {
        "kind": kind.name, "files": count, "refused": tally["refused"], "valid": tally["valid"],
        "most_s": round(worst_s, 2), "most_mb": round(worst_bytes / 1e6), "wrong": wrong,
    }  # fmt: skip


def _bad(kind: Kind, others: list[bytes], rng: random.Random, path: Path, number: int, count: int) -> Path:
    """Make a bad file; its path."""
    path.parent.mkdir(parents=True)
    made = special(path, number) if count > 20 or number < 2 else None
    if made is None:
        path.write_bytes(damaged(kind.content, others, rng))
    return made or path


def main(count: int, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="good-") as name:
        known = kinds(Path(name))
        others = [kind.content for kind in known]
        for kind in known:
            if not wanted or kind.name in wanted:
                sys.stdout.write(json.dumps(study(kind, others, count)) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
