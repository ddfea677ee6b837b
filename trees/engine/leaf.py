"""The base class of every leaf: a py_trees Behaviour that declares its ports."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol

from py_trees.behaviour import Behaviour

from trees.data.ports import Port


class PortAccess(Protocol):
    """How a leaf reads and writes its ports. Literals are converted when the tree is built."""

    def get(self, name: str) -> Any:
        """The value of an input port. ContractError, naming the key and the writer, if a wired key has no data."""

    def set(self, name: str, value: Any) -> None:
        """Write an output port. ContractError if the value is not of the port's type."""


class Leaf(Behaviour):
    """A leaf of a tree. Subclasses set the class variables and override `initialise`, `update` and `terminate`.

    TAG: XML tag, the class name if empty. KIND: Action or Condition. PORTS: what it reads and writes.
    ACTUATORS: the robot parts it moves ("base", "arm", "gripper"), for the checker. NEVER_FAILS: it ends with SUCCESS
    or an error, so that no case of a tree need see it fail.

    name: as shown to people. ports: access to the values of its ports. context: what the program gives to every leaf;
    the tree language does not use it. The constructor does nothing else.
    `update` returns SUCCESS, FAILURE or RUNNING at once; `self.feedback_message` says why.
    """

    TAG: ClassVar[str] = ""
    KIND: ClassVar[Literal["Action", "Condition"]] = "Action"
    PORTS: ClassVar[tuple[Port, ...]] = ()
    ACTUATORS: ClassVar[frozenset[str]] = frozenset()
    NEVER_FAILS: ClassVar[bool] = False

    def __init__(self, name: str, ports: PortAccess, context: Any) -> None:
        super().__init__(name)
        self._ports = ports
        self.context = context

    @classmethod
    def tag(cls) -> str:
        """The XML tag."""
        return cls.TAG or cls.__name__

    def get(self, port: str) -> Any:
        """The value of an input port; see `PortAccess.get`."""
        return self._ports.get(port)

    def set(self, port: str, value: Any) -> None:
        """Write an output port; see `PortAccess.set`."""
        self._ports.set(port, value)
