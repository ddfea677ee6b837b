"""One run as HTML: what was asked, the film, the attempts, plots, the tree with counts, what failed, versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.drawing.chart import Bar, lines, time_line
from app.drawing.page import cell
from app.drawing.tree_view import Note, Status, tree_view
from app.report.attempts import Attempt, attempts_of, grasp_words
from app.report.balance import balance
from app.report.media import film, picture
from app.report.story import Story
from app.views.counts import Count, NodeCounts
from app.views.robot_track import robot_track
from app.web.pictures import picture_lines
from behaviours.recording.events import TRANSITION
from trees import NodeView

MOST_STAGES: Final = 30
MOST_LINES: Final = 1000
GRIPS: Final = 1500
QUIET: Final[tuple[Any, ...]] = (None, "", False, [], {}, ())
"""Values of options that say nothing."""


def run_section(story: Story, *, pictures: int, film_room: int) -> str:
    """The parts of a run, each with a heading. pictures: how many at most. film_room: bytes that its film may take."""
    counts, attempts = story.counts(), attempts_of(story)
    parts = [
        ("", _verdict(story)),
        ("What was asked", _asked(story)),
        ("Film", film(story.folder, film_room)),
        ("Attempts" if attempts else "Pictures", _attempts(story, attempts, pictures)),
        ("What failed", _failures(story, counts)),
        ("Gripper", _gripper(story)),
        ("Balance", balance(story.recording)),
        ("Time of each stage", _stages(story, counts)),
        ("Tree", _tree(story, counts)),
        ("Log", _log(story)),
        ("Versions and hashes", _versions(story)),
    ]
    return "\n".join(f"<h3>{title}</h3>\n{body}" if title else body for title, body in parts if body)


def pill(status: str) -> str:
    """A status as a coloured word."""
    return f'<span class="pill {cell(status)}">{cell(status)}</span>'


def _verdict(story: Story) -> str:
    result = story.result
    words = []
    if result is not None:
        words.append(f"{result.attempts} attempt{'s' * (result.attempts != 1)}")
        facts = [(result.sim_s, ".1f", "{} s on the robot"), (result.wall_s, ".1f", "{} s wall")]
        facts += [(result.object_lift_m, ".3f", "object lifted {} m")]
        facts += [(result.peak_gripper_torque_nm, ".2f", "at most {} N·m")]
        words += [text.format(figure(value, form)) for value, form, text in facts if figure(value, form)]
    elif story.recording is not None:
        words.append(f"{story.recording.span_s[1]:.1f} s on the robot were recorded")
    late, worst_ms = story.overruns()
    if late:
        words.append(f"{late} tick{'s' * (late != 1)} longer than the period, at most {worst_ms:.0f} ms")
    lines = [f"<p>{pill(story.status)} {cell(', '.join(words))}</p>"]
    if story.reason:
        lines.append(f'<p class="reason">{cell(story.reason)}</p>')
    lines += [f'<p class="damage">{cell(text)}</p>' for text in story.damage]
    lines += [f"<p>Report: {cell(text)}</p>" for text in story.reports]
    return "\n".join(lines)


def figure(value: Any, form: str) -> str:
    """A number in a format, "" for what is none: a log may be damaged."""
    return format(value, form) if isinstance(value, int | float) else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Cells are HTML already."""
    body = "\n".join(f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>" for row in rows)
    head = f"<thead><tr>{''.join(f'<th>{cell(text)}</th>' for text in heads)}</tr></thead>" if heads else ""
    return f'<div class="scroll"><table class="{kind}">{head}<tbody>\n{body}\n</tbody></table></div>'


def _pairs(values: Mapping[str, Any]) -> str:
    rows = [(f"<th>{cell(str(key))}</th>", cell(_words(value))) for key, value in values.items() if value not in QUIET]
    body = "\n".join(f"<tr>{name}<td>{value}</td></tr>" for name, value in rows)
    return f'<div class="scroll"><table class="pairs"><tbody>\n{body}\n</tbody></table></div>' if rows else ""


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(item)}" for key, item in value.items())
    return ", ".join(map(_words, value)) if isinstance(value, list | tuple) else str(value)


def _asked(story: Story) -> str:
    options = story.config.get("options")
    asked = {key: value for key, value in options.items() if key != "view"} if isinstance(options, Mapping) else {}
    return _pairs({**asked, "started": story.config.get("started"), "run folder": str(story.folder)})


def _attempts(story: Story, attempts: Sequence[Attempt], most: int) -> str:
    if not attempts:
        lines = [] if story.recording is None else picture_lines(story.recording)
        return _gallery(story, lines, most)
    first_s = attempts[0].begin_s
    before = [line for line in picture_lines(story.recording) if _before(line, first_s)] if story.recording else []
    share = max(2, most // (len(attempts) + 1))
    parts = [f'<article class="attempt"><h4>Before the first</h4>{_gallery(story, before, share)}</article>']
    return "\n".join([*(parts if before else []), *(_attempt(story, attempt, share) for attempt in attempts)])


def _before(line: Mapping[str, Any], time_s: float) -> bool:
    at = line.get("t")
    return isinstance(at, int | float) and at < time_s


def _attempt(story: Story, attempt: Attempt, most: int) -> str:
    words = "held" if attempt.good else attempt.why
    head = f"Attempt {attempt.number}, {attempt.begin_s:.1f} to {attempt.end_s:.1f} s"
    grasps = "".join(f"<li>{cell(grasp_words(grasp))}</li>" for grasp in attempt.grasps)
    chosen = f"<p>Chosen grasp{'s' * (len(attempt.grasps) != 1)}:</p><ul>{grasps}</ul>" if grasps else ""
    return (
        f'<article class="attempt"><h4>{cell(head)} {pill("success" if attempt.good else "failure")}</h4>'
        f"<p>{cell(words)}</p>{_gallery(story, attempt.pictures, most)}{chosen}</article>"
    )


def _gallery(story: Story, lines: Sequence[Mapping[str, Any]], most: int) -> str:
    """The last pictures; the ones with grasps before others."""
    ranked = sorted(range(len(lines)), key=lambda at: (lines[at]["event"] != "heatmap", -at))
    shown = [lines[at] for at in sorted(ranked[:most])]
    left = len(lines) - len(shown)
    more = f'<p class="soft">{left} more pictures are in the run folder</p>' if left else ""
    return f'<div class="gallery">{"".join(picture(story.folder, line) for line in shown)}</div>{more}' if lines else ""


def _failures(story: Story, counts: NodeCounts) -> str:
    failed = [(node, counts.by_uid[node.uid]) for node in story.nodes if node.kind in ("Action", "Condition")]
    failed = [(node, count) for node, count in failed if count.failures]
    if not failed:
        return ""
    rows = [
        [str(count.failures), f"{cell(node.name)}<br><small>{cell(node.path)}</small>", cell(_last(story, node.uid))]
        for node, count in sorted(failed, key=lambda pair: -pair[1].failures)
    ]
    return table(["times", "leaf", "its last words"], rows)


def _last(story: Story, uid: int) -> str:
    """The message of the last failure of a leaf."""
    assert story.recording is not None
    told = [
        event.data.get("feedback", "")
        for event in story.recording.events
        if event.kind == TRANSITION and event.data["uid"] == uid and event.data["new"] == "FAILURE"
    ]
    return str(told[-1]) if told else ""


def _gripper(story: Story) -> str:
    grips = [] if story.recording is None else robot_track(story.recording).grips(GRIPS)
    if not grips:
        return ""
    opening = [(time_s, 100.0 * value) for _, time_s, value, _ in grips]
    torque = [(time_s, value) for _, time_s, _, value in grips]
    return (
        f'<p class="soft">Opening, % of the widest</p>{lines("Opening", opening, "opening", most=100.0, unit="%")}'
        f'<p class="soft">Torque of the jaw motor, N·m</p>{lines("Torque", torque, "torque", most=6.0, unit="N·m")}'
    )


def _stages(story: Story, counts: NodeCounts) -> str:
    if story.recording is None:
        return ""
    leaves = [(node, counts.by_uid[node.uid]) for node in story.nodes if node.kind in ("Action", "Condition")]
    longest = sorted((pair for pair in leaves if pair[1].seconds > 0), key=lambda pair: -pair[1].seconds)[:MOST_STAGES]
    if not longest:
        return ""
    ordered = sorted(longest, key=lambda pair: (pair[1].spans or [(0.0, 0.0, "")])[0][0])
    bars = [Bar(_stage(node, count), count.spans or ()) for node, count in ordered]
    return time_line("When each leaf ran", bars, *story.recording.span_s)


def _stage(node: NodeView, count: Count) -> str:
    times = f"{count.runs} times, " if count.runs != 1 else ""
    return f"{node.name}: {times}{count.seconds:.2f} s"


def _tree(story: Story, counts: NodeCounts) -> str:
    if not story.nodes:
        return ""
    notes = {index: _note(counts.by_uid[node.uid]) for index, node in enumerate(story.nodes)}
    return f'<div class="framed">{tree_view(story.nodes, story.title, notes=notes)}</div>'


def _note(count: Count) -> Note:
    if not count.runs:
        return Note("did not run", status="IDLE")
    ends = [(count.successes, "✓"), (count.failures, "✗"), (count.halts, "■")]
    words = " ".join(f"{mark}{number}" for number, mark in ends if number)
    status: Status = "FAILURE" if count.failures and not count.successes else "SUCCESS" if count.successes else "HALTED"
    return Note(f"{words}  {count.message}".strip(), time=f"{count.seconds:.2f} s", status=status)


def _log(story: Story) -> str:
    if story.recording is None:
        return ""
    changes = [event for event in story.recording.events if event.kind == TRANSITION]
    rows = [
        [
            f"{event.time_s:.2f}",
            cell(str(event.data.get("path", ""))),
            cell(event.data["new"]),
            cell(str(event.data.get("feedback", ""))),
        ]
        for event in changes[-MOST_LINES:]
    ]
    left = f", the last {MOST_LINES} of {len(changes)}" if len(changes) > MOST_LINES else ""
    head = f"<summary>{len(rows)} changes of the tree{left}</summary>"
    return f"<details>{head}{table(['s', 'node', '', 'message'], rows, 'log')}</details>"


def _versions(story: Story) -> str:
    config = story.config
    names = ("versions", "networks_sha256", "plugins", "python", "platform", "processor")
    facts = {name.replace("_", " "): config.get(name) for name in names}
    return _pairs({**facts, "tree sha256": story.tree_hash})
