"""The page of one or several runs: an index if there are several, then a section for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from app.drawing.page import cell, page
from app.report.media import FILM_BYTES
from app.report.sections import figure, pill, run_section, table
from app.report.story import Story

STYLE: Final = "report.css"
PICTURES: Final = 40
"""Of a report of one run; several share three times as many."""
LEAST: Final = 4
"""Pictures of each run of a large report."""


def report(stories: Sequence[Story]) -> str:
    """The HTML file. stories: at least one."""
    share = PICTURES if len(stories) == 1 else max(LEAST, 3 * PICTURES // len(stories))
    if len(stories) == 1:
        body = run_section(stories[0], pictures=share, film_room=FILM_BYTES)
        return page(f"Run of {stories[0].title}", body, style=STYLE, tree=True)
    parts = [_index(stories)]
    for number, story in enumerate(stories, 1):
        parts.append(f'<section id="run-{number}"><h2>{number}. {cell(_name(story))}</h2>')
        parts.append(run_section(story, pictures=share, film_room=2 * FILM_BYTES // len(stories)))
        parts.append('<p><a href="#top">to the index</a></p></section>')
    good = sum(story.status == "success" for story in stories)
    title = f"{len(stories)} runs, {good} succeeded"
    return page(title, "\n".join(parts), style=STYLE, tree=True)


def _name(story: Story) -> str:
    return f"{story.title}, {story.folder.name}"


def _index(stories: Sequence[Story]) -> str:
    counted = Counter(story.status for story in stories)
    words = ", ".join(f"{count} {status}" for status, count in counted.most_common())
    rows = []
    for number, story in enumerate(stories, 1):
        result = story.result
        seconds = "" if result is None else figure(result.sim_s, ".1f")
        robot = "" if result is None else f"{result.robot}, {result.seed}"
        attempts = "" if result is None else cell(str(result.attempts))
        link = f'<a href="#run-{number}">{cell(_name(story))}</a>'
        rows.append([link, pill(story.status), cell(robot), attempts, seconds, cell(story.reason)])
    heads = ["run", "", "robot, seed", "attempts", "s on the robot", "reason"]
    return f'<p id="top">{cell(words)}</p>\n{table(heads, rows, "index")}'
