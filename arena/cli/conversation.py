"""One record as a conversation for a terminal: a pure function of the record.

Text of agents is hostile: control and direction characters are shown as escapes (`\\x1b`, `\\u202e`), and every line
by an agent is indented, so that it cannot be mistaken for a line by the arena.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence

from arena.families.report import Answered, Said
from arena.play.tool_protocol import done_text
from arena.records import EVERYBODY, Entry, Json, Record

INDENT = "    "
LONGEST_ANSWER = 600
"""Characters of a call's arguments and of its answer that are shown; the rest is in matches.jsonl."""


def conversation(
    record: Record, width: int, answered: Sequence[Answered] = (), found: Sequence[tuple[str, Sequence[Said]]] = ()
) -> str:
    """Return a record as text of at most `width` columns: head, turns, calls with their answers, result.

    `answered`: the questions that the judge answered with yes or no.  `found`: name of a mechanical check -> its
    finding.
    """
    lines = [*_head(record, width), ""]
    for entry in record.transcript.entries:
        lines += _entry(entry, width)
    return "\n".join([*lines, "", *_result(record, width), *_questions(answered, width), *_checks(found, width)])


def _checks(found: Sequence[tuple[str, Sequence[Said]]], width: int) -> Iterator[str]:
    if any(words for _, words in found):
        yield "what the checks found:"
    for name, words in found:
        for one in words:
            turns = f" (turn {', '.join(map(str, one.turns))})" if one.turns else ""
            yield from indented(f"{name}: {one.text}{turns}", width)


def visible(text: str) -> str:
    """Return text with every character that is not printable as an escape; line ends stay."""
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _one_line(text: object) -> str:
    return visible(str(text)).replace("\n", "\\n")


def _head(record: Record, width: int) -> Iterator[str]:
    yield _one_line(record.key)
    cell = ", ".join(f"{name} {value}" for name, value in record.trial.cell.items())
    yield from textwrap.wrap(_one_line(cell), width)


def _entry(entry: Entry, width: int) -> Iterator[str]:
    """Yield one entry; only lines by the arena begin in the first column."""
    who = f"[{entry.turn}] {_one_line(entry.seat)}"
    if entry.kind == "say":
        names = ", ".join(_one_line(name) for name in entry.to) or "nobody"
        heard = "" if entry.to == EVERYBODY else f" (only to {names})"
        yield f"{who}{heard}:"
        yield from indented(entry.text, width)
        if entry.done:
            yield from indented(done_text(entry.result), width)
    elif entry.kind == "call":
        yield f"{who} calls {_one_line(entry.op)} (call {_one_line(entry.id)}):"
        yield from indented(_short(entry.args), width)
        answer = entry.answered
        said = answer.get("result") if answer.get("ok") is True else {"error": answer.get("error")}
        yield from indented(f"-> {_short(said)}", width)
    else:
        problem = f": {_one_line(entry.problem)}" if entry.problem else ""
        yield f"{who} {entry.kind.replace('_', ' ')}{problem}"
        yield from indented(entry.text, width)


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    left = len(text) - LONGEST_ANSWER
    return text if left <= 0 else f"{text[:LONGEST_ANSWER]}... ({left:,} more characters)"


def indented(text: str, width: int) -> Iterator[str]:
    for line in visible(text).split("\n"):
        wrapped = textwrap.wrap(line, max(20, width - len(INDENT)), break_on_hyphens=False)
        yield from (INDENT + part for part in wrapped or ([""] if text else []))


def _result(record: Record, width: int) -> Iterator[str]:
    score = record.score
    detail = f": {record.transcript.detail}" if record.transcript.detail else ""
    yield from textwrap.wrap(_one_line(f"{record.status}, {record.stop.replace('_', ' ')}{detail}"), width)
    if score.outcome is not None:
        yield f"outcome: {_one_line(score.outcome)}"
    for name, value in score.values.items():
        yield _one_line(f"  {name}: {'-' if value is None else value}")
    if score.unscored:
        yield from textwrap.wrap(_one_line(f"not scored: {score.unscored}"), width)
    if score.verdict:
        yield "verdict:"
        yield from indented(score.verdict, width)


def _questions(answered: Sequence[Answered], width: int) -> Iterator[str]:
    """Yield the questions with their answers; a mark precedes each answer against the players."""
    if answered:
        yield "questions to the judge (!: answered against the players):"
    for one in answered:
        where = f" [{', '.join(map(str, one.turns))}]" if one.turns else ""
        mark = " " if one.good else "!"
        lines = textwrap.wrap(_one_line(f"{one.asks} {one.answer}{where}"), max(20, width - len(INDENT)))
        yield from ((f"  {mark} " if place == 0 else INDENT) + line for place, line in enumerate(lines))
