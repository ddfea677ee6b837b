"""Leaves replaced by scripted results, from a file, to try a tree without what its leaves need."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from py_trees.common import Status

from app.session.options import SIMULATED, RunOptions
from app.session.substitution_file import STATUSES, NodeConfig, Rule, read_rules
from perception.base.errors import ConfigError, ContractError
from trees.checking.fixed import literal_refusal
from trees.data.literals import key_of
from trees.data.ports import Direction
from trees.engine.leaf import Leaf, PortAccess
from trees.reading.names import nearest
from trees.script import ScriptError, compile_script

if TYPE_CHECKING:
    from trees import Document, NodeView, Place, Substitute
    from trees.data.blackboard import Blackboard

WORDS: Final = {"IDLE": 0, "RUNNING": 1, "SUCCESS": 2, "FAILURE": 3, "SKIPPED": 4}
"""Names and values of the statuses in a return_status_script, as in BehaviorTree.CPP."""
Run = Callable[..., Any]
"""Runs a script on a blackboard; the names stand for numbers."""


class ScriptedLeaf(Leaf):
    """Returns what its configuration says, in the place of another leaf.

    clock: the robot's, seconds. scripts: by their keys in the file. scope: the blackboard they work on.
    """

    def __init__(
        self,
        name: str,
        ports: PortAccess,
        config: NodeConfig,
        clock: Callable[[], float],
        scripts: Mapping[str, Run],
        scope: Blackboard,
    ) -> None:
        super().__init__(name, ports, None)
        self._config, self._clock, self._scripts, self._scope = config, clock, scripts, scope
        self._due_s = 0.0
        self.skipped = False

    def initialise(self) -> None:
        """The delay begins."""
        self._due_s = self._clock() + self._config.delay_s

    def update(self) -> Status:
        """RUNNING until the delay is over, then the answer and what belongs to it."""
        self.skipped = False
        left_s = self._due_s - self._clock()
        if left_s > 1e-9:
            what = self._config.scripts.get("return_status_script") or self._config.status
            self.feedback_message = f"substituted: {what} in {left_s:.2f} s"
            return Status.RUNNING
        status = self._answer()
        if status == "RUNNING":
            self.feedback_message = "substituted"
            return Status.RUNNING
        for key, condition in (("success_script", "SUCCESS"), ("failure_script", "FAILURE"), ("post_script", None)):
            if condition in (None, status) and key in self._scripts:
                self._scripts[key](self._scope)
        self.feedback_message = f"substituted: {status}"
        if status == "SKIPPED":
            self.skipped = True
            return Status.INVALID
        return Status[status]

    def _answer(self) -> str:
        """The status that the configuration or its script gives. ContractError if the script gives none."""
        if "return_status_script" not in self._scripts:
            return self._config.status
        value = self._scripts["return_status_script"](self._scope, WORDS)
        words = [word for word, number in WORDS.items() if value in (word, number) and word != "IDLE"]
        if not words:
            place = f"{self._config.place}.return_status_script"
            raise ContractError(f"{place} gives '{value}', expected one of {', '.join(STATUSES)}")
        return words[0]


@dataclass(frozen=True)
class Substitution:
    """Which leaf replaces which node of one tree. text: of the file, as it was read. chosen: rules and scripts by the
    uid of the node."""

    text: str
    document: Document
    chosen: Mapping[int, tuple[Rule, Mapping[str, Run]]]

    def hook(self, context: Any, clock: Callable[[], float]) -> Substitute:
        """The function for `trees.build`. context: for the leaves that replace others. clock: seconds, for delays."""

        def substitute(place: Place) -> Leaf | None:
            if place.uid not in self.chosen:
                return None
            rule, scripts = self.chosen[place.uid]
            if rule.config is not None:
                return ScriptedLeaf(place.name, place.wire(()), rule.config, clock, scripts, place.scope)
            leaf = self.document.leaves[rule.target]
            return leaf(place.name, place.wire(leaf.PORTS), context)

        return substitute


def substitution_for(options: RunOptions, document: Document) -> Substitution | None:
    """The substitution that the options name. ConfigError for a mistake in the file, or a robot that is not
    simulated."""
    if options.substitute is None:
        return None
    if options.robot not in SIMULATED:
        raise ConfigError(
            f"--substitute: not with --robot {options.robot}: a leaf that only claims to have moved the robot leads "
            f"the others astray; take --robot {' or '.join(SIMULATED)}"
        )
    return load_substitution(options.substitute, document)


def load_substitution(file: Path, document: Document) -> Substitution:
    """Read the file and match it with a tree. ConfigError for a mistake in it, or a rule that matches no leaf."""
    rules, text = read_rules(file)
    return match_rules(str(file), text, rules, document)


def match_rules(file: str, text: str, rules: tuple[Rule, ...], document: Document) -> Substitution:
    """Match rules with a tree. file: where they stand, for messages. ConfigError for a rule that matches no leaf."""
    import trees

    nodes = trees.build(document, None, lambda: 0.0).nodes()
    open_nodes = [
        node for node, after in zip(nodes, [*nodes[1:], None], strict=True)
        if node.kind != "SubTree" and (after is None or after.depth <= node.depth)
    ]  # fmt: skip
    scripts = {rule.pattern: _scripts(rule) for rule in rules}
    chosen: dict[int, tuple[Rule, Mapping[str, Run]]] = {}
    for rule in rules:
        places = [node for node in open_nodes if rule.matches(node.name, node.tag, *paths_of(node))]
        if not places:
            names = sorted({name for node in open_nodes for name in (node.name, node.tag)})
            raise ConfigError(
                f"{file}: SubstitutionRules.{rule.pattern}: matches no leaf of {document.path}."
                f"{nearest(rule.pattern, names)} A pattern is a name, a tag or a path with * and ?. "
                f"Leaves: {', '.join(names[:30])}{' …' if len(names) > 30 else ''}"
            )
        for node in places:
            if rule.config is None:
                _check_leaf(file, rule, node, document)
            chosen.setdefault(node.uid, (rule, scripts[rule.pattern]))
    return Substitution(text, document, chosen)


def paths_of(node: NodeView) -> tuple[str, ...]:
    """The paths that a pattern may give: the full path, with and without the numbers of nodes that have no name, and
    the path in the log, with and without the main tree."""
    return node.full_path, re.sub(r"::\d+(?=/|$)", "", node.full_path), node.path, node.path.partition("/")[2]


def _check_leaf(file: str, rule: Rule, node: NodeView, document: Document) -> None:
    where = f"{file}: SubstitutionRules.{rule.pattern}"
    leaf = document.leaves.get(rule.target)
    if leaf is None:
        choices = ["AlwaysSuccess", "AlwaysFailure", *sorted(document.leaves)]
        raise ConfigError(
            f"{where}: '{rule.target}' is neither in TestNodeConfigs nor a leaf.{nearest(rule.target, choices)} "
            f"Leaves: {', '.join(choices)}"
        )
    lacking = [port.name for port in leaf.PORTS if port.required and port.name not in node.ports]
    if lacking:
        raise ConfigError(f"{where}: {rule.target} needs the ports {', '.join(lacking)}, which {node.path} has not")
    for port in leaf.PORTS:
        text = node.ports.get(port.name)
        literal = text is not None and key_of(text, port.name) is None and port.direction is not Direction.OUTPUT
        if literal and (wrong := literal_refusal(str(text), port, document.known)):
            raise ConfigError(f"{where}: {rule.target} cannot take the port '{port.name}' of {node.path}: {wrong}")


def _scripts(rule: Rule) -> Mapping[str, Run]:
    if rule.config is None:
        return {}
    place = rule.config.place
    return {key: _compiled(text, f"{place}.{key}") for key, text in rule.config.scripts.items() if text}


def _compiled(text: str, place: str) -> Run:
    """A compiled script. ConfigError, naming its place, if it cannot be read."""
    try:
        return compile_script(text).run
    except ScriptError as error:
        raise ConfigError(f"{place}: {error} of '{text}'") from error
