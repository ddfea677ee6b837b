"""The results as JUnit XML, as GitHub, GitLab and Jenkins read it."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

from app.trials.study import Study, TreeResult

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def junit(study: Study) -> bytes:
    """A suite for each tree, a case for each seed. A tree that failed is a failure; everything else is an error."""
    trees = study.trees()
    root = ElementTree.Element("testsuites", {"name": "spot-grasp test", "time": f"{study.wall_s:.3f}"})
    for tree in trees:
        root.append(_suite(tree, study.robot))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    file = io.BytesIO()
    ElementTree.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    return file.getvalue() + b"\n"


def _suite(tree: TreeResult, robot: str) -> ElementTree.Element:
    failures = sum(outcome.status == "failure" for outcome in tree.outcomes)
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": _clean(f"{tree.tree} ({robot})"),
            "tests": str(len(tree.outcomes)),
            "failures": str(failures),
            "errors": str(len(tree.outcomes) - tree.successes - failures),
            "skipped": "0",
            "time": f"{sum(outcome.wall_s for outcome in tree.outcomes):.3f}",
        },
    )
    for outcome in tree.outcomes:
        names = {"classname": _clean(tree.tree), "name": f"seed {outcome.seed}", "time": f"{outcome.wall_s:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", names)
        if not outcome.success:
            kind = "failure" if outcome.status == "failure" else "error"
            message = _clean(outcome.reason or "no reason given")
            wrong = ElementTree.SubElement(case, kind, {"message": message, "type": outcome.status})
            wrong.text = _clean(f"{outcome.reason}\n\nrepeat it: {outcome.command}\nrun folder: {outcome.run}\n")
        if outcome.reports:
            ElementTree.SubElement(case, "system-out").text = _clean("\n".join(outcome.reports))
    return suite


def _clean(text: str) -> str:
    return FORBIDDEN.sub("�", text)
