"""A tree written as nodes of a mission: control flow and robot commands, exactly or not at all.

Missions have no images, no inference and no arithmetic. A node without an exact counterpart is reported with the reason
and replaced by a mission node that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from app.mission.leaves import LEAVES, NotMappedError
from trees.checking.kinds import tag_of
from trees.data.literals import convert, key_of
from trees.reading.elements import Element
from trees.reading.names import CONDITIONS

if TYPE_CHECKING:
    from trees import Document

MAX_NODES: Final = 10_000


@dataclass(frozen=True)
class Unmapped:
    """A node without a counterpart in missions. place: file:line:column. path: in the expanded tree."""

    place: str
    path: str
    reason: str


@dataclass
class Compiled:
    """The result. root: a bosdyn.api.mission.Node. unmapped: nodes without a counterpart, in the order of the tree."""

    root: Any
    unmapped: list[Unmapped] = field(default_factory=list)


def compile_tree(document: Document) -> Compiled:
    """The main tree of a checked document as mission nodes."""
    from bosdyn.api.mission import nodes_pb2

    compiled = Compiled(nodes_pb2.Node())
    compiler = _Compiler(document, compiled)
    compiler.node(document.trees[document.main], compiled.root, document.main)
    return compiled


def remote(service: str, parameters: dict[str, str], timeout_s: float = 60.0) -> Any:
    """One mission node that calls a served tree, see `spot-grasp mission serve`. parameters: values as text."""
    from bosdyn.api.mission import nodes_pb2

    node = nodes_pb2.Node(name=service)
    node.remote_grpc.host, node.remote_grpc.service_name = "localhost", service
    node.remote_grpc.timeout = timeout_s
    node.remote_grpc.lease_resources.append("body")
    for name, value in parameters.items():
        item = node.remote_grpc.inputs.add(key=name)
        item.value.constant.string_value = value
    return node


class _Compiler:
    def __init__(self, document: Document, compiled: Compiled) -> None:
        self._document, self._compiled = document, compiled
        self._count = 0
        self._controls: dict[str, Callable[[Element, Any, str], None]] = {
            "Sequence": lambda element, node, path: self._children(element, node.sequence.children, path),
            "ReactiveSequence": self._reactive_sequence,
            "Fallback": lambda element, node, path: self._children(element, node.selector.children, path),
            "ReactiveFallback": self._reactive_fallback,
            "ParallelAll": self._parallel_all,
            "RetryUntilSuccessful": self._retry,
            "Repeat": self._repeat,
            "Timeout": self._timeout,
            "Delay": self._delay,
            "ForceSuccess": self._force_success,
            "ForceFailure": self._force_failure,
            "Inverter": self._inverter,
            "Sleep": self._sleep,
            "AlwaysSuccess": lambda _element, node, _path: _constant(node, success=True),
            "AlwaysFailure": lambda _element, node, _path: _constant(node, success=False),
        }

    def node(self, element: Element, node: Any, path: str) -> None:
        """Fill `node` with the counterpart of an element."""
        self._count += 1
        tag = tag_of(element)
        node.name = element.attributes.get("name") or element.attributes.get("ID") or tag
        path = f"{path}/{node.name}"
        try:
            if self._count > MAX_NODES:
                raise NotMappedError(f"the tree has more than {MAX_NODES} nodes")
            self._fill(tag, element, node, path)
        except NotMappedError as error:
            place = f"{element.file}:{element.line}:{element.column}"
            self._compiled.unmapped.append(Unmapped(place, path, str(error)))
            name = node.name
            node.Clear()
            node.name = f"{name}: not mapped"
            _constant(node, success=False)

    def _fill(self, tag: str, element: Element, node: Any, path: str) -> None:
        conditions = [name for name in CONDITIONS if name in element.attributes]
        if conditions:
            raise NotMappedError(f"<{tag}> has '{conditions[0]}', which missions do not know")
        if tag == "SubTree":
            inner = self._document.trees[element.attributes["ID"]]
            self.node(inner, node.sequence.children.add(), path)
        elif tag in self._controls:
            self._controls[tag](element, node, path)
        elif tag in LEAVES:
            LEAVES[tag](lambda port: self._port(element, port), node)
        elif tag in self._document.leaves:
            raise NotMappedError(f"<{tag}> computes or decides; missions have no such node (serve the tree instead)")
        else:
            raise NotMappedError(f"<{tag}> has no exact counterpart in missions")

    def _port(self, element: Element, name: str) -> Any:
        """The literal of a port, converted. NotMappedError if it is wired to the blackboard."""
        tag = tag_of(element)
        ports = {port.name: port for port in self._document.class_of(element).PORTS}
        port = ports[name]
        text = element.attributes.get(name)
        if text is None:
            return port.default
        if key_of(text, name) is not None:
            raise NotMappedError(f"<{tag}> port '{name}' is wired to {text}; missions take constants only")
        return convert(text, port.type)

    def _children(self, element: Element, into: Any, path: str) -> None:
        for child in element.children:
            self.node(child, into.add(), path)

    def _only(self, element: Element, node: Any, path: str) -> None:
        self.node(element.children[0], node, path)

    def _reactive_sequence(self, element: Element, node: Any, path: str) -> None:
        node.sequence.always_restart = True
        self._children(element, node.sequence.children, path)

    def _reactive_fallback(self, element: Element, node: Any, path: str) -> None:
        node.selector.always_restart = True
        self._children(element, node.selector.children, path)

    def _parallel_all(self, element: Element, node: Any, path: str) -> None:
        if self._port(element, "max_failures") != 1:
            raise NotMappedError("<ParallelAll> with max_failures other than 1 has no counterpart in missions")
        node.parallel_and.finish_every_node = True
        self._children(element, node.parallel_and.children, path)

    def _retry(self, element: Element, node: Any, path: str) -> None:
        node.retry.max_attempts = self._times(element, "num_attempts")
        self._only(element, node.retry.child, path)

    def _repeat(self, element: Element, node: Any, path: str) -> None:
        node.repeat.max_starts = self._times(element, "num_cycles")
        node.repeat.respect_child_failure = True
        self._only(element, node.repeat.child, path)

    def _times(self, element: Element, port: str) -> int:
        count = int(self._port(element, port))
        if count < 1:
            raise NotMappedError(f"<{tag_of(element)}> that repeats forever has no counterpart in missions")
        return count

    def _timeout(self, element: Element, node: Any, path: str) -> None:
        node.for_duration.duration.FromMilliseconds(int(self._port(element, "msec")))
        self._only(element, node.for_duration.child, path)

    def _delay(self, element: Element, node: Any, path: str) -> None:
        wait = node.sequence.children.add(name="wait")
        wait.sleep.seconds = int(self._port(element, "delay_msec")) / 1000
        self._only(element, node.sequence.children.add(), path)

    def _sleep(self, element: Element, node: Any, path: str) -> None:
        node.sleep.seconds = int(self._port(element, "msec")) / 1000

    def _force_success(self, element: Element, node: Any, path: str) -> None:
        """A selector of the child and a constant success."""
        self._only(element, node.selector.children.add(), path)
        _constant(node.selector.children.add(name="success"), success=True)

    def _force_failure(self, element: Element, node: Any, path: str) -> None:
        """A sequence of the child and a constant failure."""
        self._only(element, node.sequence.children.add(), path)
        _constant(node.sequence.children.add(name="failure"), success=False)

    def _inverter(self, element: Element, node: Any, path: str) -> None:
        """A blackboard variable is set when the child succeeds; a condition then succeeds if it is not set."""
        from bosdyn.api.mission import nodes_pb2, util_pb2

        flag = f"inverted_{self._count}"
        start = node.define_blackboard.blackboard_variables.add(key=flag)
        start.value.constant.int_value = 0
        steps = node.define_blackboard.child.sequence
        tried = steps.children.add(name="try").selector
        succeeded = tried.children.add(name="child, then flag").sequence
        self._only(element, succeeded.children.add(), path)
        raised = succeeded.children.add(name="flag").set_blackboard.blackboard_variables.add(key=flag)
        raised.value.constant.int_value = 1
        _constant(tried.children.add(name="failed"), success=True)
        condition = steps.children.add(name="failed?").condition
        condition.lhs.var.name, condition.lhs.var.type = flag, util_pb2.VariableDeclaration.TYPE_INT
        condition.rhs.const.int_value = 0
        condition.operation = nodes_pb2.Condition.COMPARE_EQ
        condition.handle_staleness = nodes_pb2.Condition.HANDLE_STALE_READ_ANYWAY


def _constant(node: Any, *, success: bool) -> None:
    from bosdyn.api.mission import util_pb2

    node.constant_result.result = util_pb2.RESULT_SUCCESS if success else util_pb2.RESULT_FAILURE
