"""Whatever a leaf raises ends the tree in one error that names the node; nothing in a leaf ends the program."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import pytest
from py_trees.common import Status

from behaviours.worker import Worker
from perception.base.errors import ConfigError, ContractError, RobotError, SpotGraspError
from tests.support.trees_leaves import Act, Run, act
from trees.engine.leaf import Leaf
from trees.errors import LeafError


class Odd(BaseException):
    """No Exception at all."""


RAISED: dict[str, BaseException] = {
    "an exit": SystemExit(0),
    "an exit without code": SystemExit(),
    "a generator's end": GeneratorExit(),
    "a cancelled task": asyncio.CancelledError(),
    "its own": Odd("odd"),
    "an end of iteration": StopIteration(3),
    "no memory": MemoryError(),
    "too deep": RecursionError("deep"),
    "an assertion": AssertionError(),
    "lines and escapes": ValueError("one\ntwo \x1b[31mred\x1b[0m \u202e"),
    "a closed pipe": BrokenPipeError(32, "Broken pipe"),
}


class Raises(Leaf):
    """Raises where it is told to. context: the list of events."""

    PORTS = ()
    error: ClassVar[BaseException]
    where: ClassVar[str]

    def _reach(self, place: str) -> None:
        self.context.append(f"{self.name} {place}")
        if place == self.where:
            raise self.error

    def __init__(self, name: str, ports: Any, context: list[str]) -> None:
        super().__init__(name, ports, context)
        self._reach("made")

    def initialise(self) -> None:
        self._reach("begun")

    def update(self) -> Status:
        self._reach("ticked")
        return Status.RUNNING if self.where == "halted" else Status.SUCCESS

    def terminate(self, new_status: Status) -> None:
        self._reach("ended" if new_status == Status.SUCCESS else "halted")


def leaf(error: BaseException, where: str) -> dict[str, type[Leaf]]:
    return {"Raises": type("Raises", (Raises,), {"error": error, "where": where})}


PLACES = ("made", "begun", "ticked", "ended", "halted")


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("name", RAISED)
def test_it_names_node_and_path_and_halts_the_others(name: str, where: str, tmp_path: Path) -> None:
    error = RAISED[name]
    run = None
    with pytest.raises(LeafError) as caught:  # noqa: PT012  # it may be raised while the tree is built
        run = Run(tmp_path, f"<Parallel>{act('a', 'R')}<Raises name='b'/></Parallel>", leaf(error, where))
        run.tick()
        run.tree.halt()
    message = str(caught.value)
    assert message.startswith(f"T/Parallel/b: <Raises> raised {type(error).__name__}")
    assert message.isprintable()
    assert caught.value.__cause__ is error
    assert not isinstance(caught.value, ConfigError)
    if run is not None:
        assert all(node.status != "RUNNING" for node in run.tree.nodes())
        assert run.events[-1] in ("halt a", "b halted")
        assert "halt a" in run.events


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RobotError("the robot is lost"), ContractError("no such thing")]
)
def test_interruptions_and_our_own_errors_pass_through(error: BaseException, where: str, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as caught:  # noqa: PT012  # it may be raised while the tree is built
        run = Run(tmp_path, "<Raises name='b'/>", leaf(error, where))
        run.tick()
        run.tree.halt()
    assert caught.value is error


def test_what_fails_while_stopping_does_not_hide_the_first(tmp_path: Path) -> None:
    class Twice(Act):
        def terminate(self, new_status: Status) -> None:
            raise SystemExit(5)

        def update(self) -> Status:
            raise ValueError("first")

    with pytest.raises(LeafError, match="T/Twice: <Twice> raised ValueError: first") as caught:
        Run(tmp_path, "<Twice seq='S'/>", {"Twice": Twice}).tick()
    assert "and while stopping: SystemExit: 5" in caught.value.__notes__


def test_what_work_on_the_worker_raises_is_told_too(tmp_path: Path) -> None:
    class Works(Act):
        def initialise(self) -> None:
            self.job = worker.submit(lambda: exec("raise SystemExit(0)"))

        def update(self) -> Status:
            if not self.job.done:
                return Status.RUNNING
            self.job.result()
            return Status.SUCCESS

    with Worker() as worker, pytest.raises(LeafError, match="T/Works: <Works> raised SystemExit: 0"):  # noqa: PT012
        run = Run(tmp_path, "<Works seq='S'/>", {"Works": Works})
        run.tick()
        worker.wait()
        run.tick()


SCRIPTS = {
    '<Sequence name="s"><Script name="x" code="n = nobody"/></Sequence>': "T/s/x",
    '<Sequence name="s"><AlwaysSuccess name="x" _skipIf="nobody"/></Sequence>': "T/s/x",
    '<Sequence name="s"><AlwaysSuccess name="x" _post="n = 1"/></Sequence>': "T/s/x",
    '<Parallel success_count="3" name="s"><AlwaysSuccess/><AlwaysSuccess/></Parallel>': "T/s",
}


@pytest.mark.parametrize("body", SCRIPTS)
def test_what_scripts_and_nodes_raise_names_its_place(body: str, tmp_path: Path) -> None:
    with pytest.raises(SpotGraspError) as caught:
        Run(tmp_path, body).tick()
    assert str(caught.value).startswith(f"{SCRIPTS[body]}: ")
    assert str(caught.value).count(SCRIPTS[body]) == 1
