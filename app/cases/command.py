"""`spot-grasp test` on cases: which files are meant, and what is printed and written of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from app.base.exit_codes import FAILURE, SUCCESS
from app.base.output import tell, tell_json
from app.cases.file import ENDING
from app.cases.report import case_line, coverage_lines, drawing, facts, form_of, summary
from app.cases.run import FileResult, run_file
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from trees.library import find_tree


def case_files(arguments: argparse.Namespace) -> list[Path]:
    """The files of cases that a command line means: those that it names, and without --robot and --seeds those beside
    its trees. None if it asks for trials. ConfigError if it asks for both."""
    texts: Sequence[str] = arguments.trees
    named = [Path(text) for text in texts if text.endswith(ENDING)]
    others = [text for text in texts if not text.endswith(ENDING)]
    if arguments.robot is not None or arguments.seeds is not None:
        if named:
            raise ConfigError(f"{named[0]}: cases are played on the fake robot; leave out --robot and --seeds")
        return []
    beside = [(text, find_tree(text)) for text in others]
    found = [(text, path.with_name(f"{path.stem}{ENDING}")) for text, path in beside]
    lacking = [text for text, path in found if not path.is_file()]
    if lacking and (named or len(lacking) < len(found)):
        raise ConfigError(f"{lacking[0]}: has no cases beside it; test it by itself, or with --robot and --seeds")
    return [] if lacking else [*named, *(path for _, path in found)]


def run_cases(
    files: Sequence[Path], *, coverage: Path | None = None, junit: Path | None = None, as_json: bool = False
) -> int:
    """Play the cases of all files; 1 if one fails, or if a complete file leaves something unseen, else 0.

    coverage: .svg or .html to draw the tree to, with what was seen, of one file only. junit: XML for CI. as_json: print
    one line of JSON instead. ConfigError and TreeError as `run_file`, WriteError for what cannot be written.
    """
    form = None if coverage is None else form_of(coverage)
    if coverage is not None and len(files) > 1:
        raise ConfigError(f"--coverage draws one tree, not {len(files)}; test them one by one")
    results = []
    for file in files:
        result = run_file(file, lambda row: None if as_json else tell(case_line(row)))
        results.append(result)
        if not as_json:
            tell(coverage_lines(result.coverage))
            tell(summary(result))
        if coverage is not None and form is not None:
            write_atomic(coverage, drawing(result, form).encode())
    if junit is not None:
        write_atomic(junit, junit_xml(results))
    if as_json:
        tell_json({"ok": all(result.passed for result in results), "files": [facts(result) for result in results]})
    return SUCCESS if all(result.passed for result in results) else FAILURE


def junit_xml(results: Sequence[FileResult]) -> bytes:
    """The cases as JUnit XML, a suite for each file; what was never seen of a complete file is a case of its own."""
    root = ElementTree.Element("testsuites", {"name": "spot-grasp test"})
    for result in results:
        tests = [(row.name, row.wall_s, "\n".join(row.wrong)) for row in result.rows]
        if result.file.complete:
            unseen = "" if result.coverage.complete else coverage_lines(result.coverage)
            tests.append(("all of the tree is seen", 0.0, unseen))
        failures = str(sum(bool(wrong) for _, _, wrong in tests))
        counts = {"tests": str(len(tests)), "failures": failures, "errors": "0", "skipped": "0"}
        suite = ElementTree.SubElement(root, "testsuite", {"name": str(result.file.file), **counts})
        for name, wall_s, wrong in tests:
            names = {"classname": result.document.main, "name": name, "time": f"{wall_s:.3f}"}
            case = ElementTree.SubElement(suite, "testcase", names)
            if wrong:
                ElementTree.SubElement(case, "failure", {"message": wrong.splitlines()[0]}).text = wrong
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
