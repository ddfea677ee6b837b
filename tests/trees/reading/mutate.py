"""Damaged tree files: each must end in a tree or in a TreeError, soon, and nothing but the tree files may be touched.

    python -m tests.trees.reading.mutate 100000 [--seed 0] [--corpus DIR]...

prints how they ended and how long the slowest took, and fails with the first that ended otherwise; every one can be
made again from its number. The tests try some thousands; this takes about a quarter of an hour for 100,000.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import trees
from behaviours.registry import LEAVES
from tests.support.places import GOLDEN
from trees.errors import TreeError

FORBIDDEN = ("exec", "import", "subprocess.", "os.", "socket.", "shutil.", "urllib.", "ctypes.", "pickle.", "pty.")
HARMLESS = ("os.listdir", "os.scandir", "os.putenv", "os.unsetenv")
TOKENS = [
    '<include path="/etc/passwd"/>', '<include path="../../x.xml"/>', '<include path="tree.xml"/>', "<!DOCTYPE a [",
    '<!ENTITY a "&a;&a;">', "&a;", "&#0;", "&#x10FFFF;", "<![CDATA[", "]]>", "<!--", "-->", "<?xml", "?>", "\x00", "\r",
    "\ufeff", "{", "}", "{=}", "@", "::", '"', "'", "<", ">", "/>", "&", "=", "_autoremap='true'", "_skipIf='1/0'",
    "_while='a:=b'", "1e999", "-1", "999999999999999999999", "nan", "json:{}", "</root>", "<root>", "<SubTree ID='",
    "<TreeNodesModel>", "<BehaviorTree>", "name=''", "ID=''", "__import__('os')", "\u202e", "𝄞", ";", "?", "((((((((",
]  # fmt: skip


def seeds(folders: Iterable[Path]) -> list[bytes]:
    """The files to damage: the library, the golden traces, and every .xml in the folders, in a fixed order."""
    library = sorted((Path(trees.__path__[0]) / "library").glob("*.xml"))
    texts = [file.read_bytes() for file in library]
    golden = json.loads((GOLDEN / "traces.json").read_text(encoding="utf-8"))
    texts += [case["xml"].encode() for case in golden]
    for folder in folders:
        texts += [file.read_bytes() for file in sorted(folder.rglob("*.xml"))]
    return texts


def mutated(texts: list[bytes], number: int, seed: int = 0) -> bytes:
    """The damaged file of that number: bytes flipped, pieces cut, doubled, swapped between files, tokens put in."""
    chance = random.Random(f"{seed}/{number}")
    raw = bytearray(chance.choice(texts))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(raw) + 1)
        end = min(len(raw), at + chance.choice((1, 2, 10, 100)))
        match chance.randrange(7):
            case 0 | 1 if raw:
                raw[min(at, len(raw) - 1)] ^= 1 << chance.randrange(8)
            case 2:
                del raw[at:end]
            case 3:
                raw[at:at] = raw[at:end] * chance.choice((1, 2, 50, 400))
            case 4:
                other = chance.choice(texts)
                start = chance.randrange(len(other) + 1)
                raw[at:end] = other[start : start + chance.choice((5, 50, 500))]
            case 5:
                raw[at:at] = chance.choice(TOKENS).encode()
            case _:
                quoted = [index for index, byte in enumerate(raw) if byte in b"\"'<>="]
                if quoted:
                    raw[chance.choice(quoted)] = ord(chance.choice("\"'<>= "))
    return bytes(raw)


class Watch:
    """What the interpreter is asked for while a file is read. Nothing but files in `folder` may be opened."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._on = str(folder), False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._on:
            return
        if event == "open":
            # a number is a file that was opened before, and seen then by its name
            if not isinstance(arguments[0], int) and not str(arguments[0]).startswith(self._folder):
                self.seen.append(f"open {arguments[0]}")
        elif event.startswith(FORBIDDEN) and event not in HARMLESS:
            self.seen.append(f"{event} {arguments!r:.80}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.seen.clear()
        self._on = True
        try:
            yield
        finally:
            self._on = False


def attempt(file: Path, number: int) -> str:
    """How reading, checking and building end: `tree`, or `refused`. Anything else is raised."""
    try:
        match number % 3:
            case 0:
                trees.load(file, stub_unknown=True).nodes()
            case 1:
                trees.build(trees.load(file, LEAVES, strict=bool(number & 8)), None, lambda: 0.0)
            case _:
                document = trees.load(file, stub_unknown=True)
                trees.build(document, None, lambda: 0.0)
    except TreeError as error:
        if "\n" in str(error) or not str(error).startswith(str(file.parent)):
            raise AssertionError(f"not one line with its place: {error!r}") from error
        return "refused"
    return "tree"


def warm_up() -> None:
    """Let everything that is imported late be imported before it is watched."""
    for file in (Path(trees.__path__[0]) / "library").glob("*.xml"):
        trees.build(trees.load(file, LEAVES), None, lambda: 0.0)
        trees.load(file, stub_unknown=True).tick_exactly_once()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--corpus", type=Path, action="append", default=[])
    options = parser.parse_args()
    texts = seeds(options.corpus)
    ended: Counter[str] = Counter()
    slowest, slow_number, started = 0.0, -1, time.perf_counter()
    warm_up()
    with tempfile.TemporaryDirectory() as place:
        file = Path(place).resolve() / "tree.xml"
        watch = Watch(file.parent)
        for number in range(options.first, options.first + options.count):
            file.write_bytes(mutated(texts, number, options.seed))
            before = time.thread_time()
            try:
                with watch.watching():
                    ended[attempt(file, number)] += 1
            except BaseException:
                sys.stderr.write(f"number {number} of seed {options.seed} ended otherwise\n")
                raise
            took = time.thread_time() - before
            if took > slowest:
                slowest, slow_number = took, number
            if watch.seen:
                sys.stderr.write(f"number {number}: {watch.seen}\n")
                return 1
    total = time.perf_counter() - started
    sys.stdout.write(
        f"{options.count} damaged files from {len(texts)}: {dict(ended)}; slowest {slowest:.3f} s of processor time "
        f"(number {slow_number}); {total:.0f} s in all\n"
    )
    return 0 if slowest < 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
