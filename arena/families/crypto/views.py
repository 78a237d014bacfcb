"""What each role saw, and the public transcript: pure functions of a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.play.addressing import address_line
from arena.play.hearing import heard, unheard
from arena.play.tool_protocol import done_text
from arena.records import EVERYBODY, Entry, Json


def spoken(entry: Entry) -> str:
    """Return what the others heard of a `say` entry: its text, and the done line where there is one."""
    if not entry.done:
        return entry.text
    line = done_text(entry.result)
    return f"{entry.text}\n{line}" if entry.text else line


def said_message(entry: Entry, role: str) -> dict[str, Json]:
    """Return a `say` entry as a role has it in its conversation."""
    text, to = spoken(entry), None if entry.to == EVERYBODY else entry.to
    if entry.seat == role:
        return {"role": "assistant", "content": text if to is None else f"{address_line(to)}\n{text}"}
    if to is not None and role not in to:
        return {"role": "user", "content": unheard(entry.seat, to)}
    return {"role": "user", "content": heard(entry.seat, text, to)}


def role_messages(entries: Sequence[Entry], role: str) -> list[dict[str, Json]]:
    """Return a role's own view as messages.

    Own turns are `assistant`, the others' `user` with `Name| ` in front of every line. What only this role
    saw is between them: `tool` (its call and the answer), `note` (text next to a call), `malformed`, `empty_reply`,
    `refusal`.
    """
    return list(_role_messages(entries, role))


def _role_messages(entries: Sequence[Entry], role: str) -> Iterator[dict[str, Json]]:
    for entry in entries:
        kind, speaker = entry.kind, entry.seat
        if kind == "say":
            yield said_message(entry, role)
        elif speaker == role:
            if kind == "call":
                call = {"id": entry.id, "op": entry.op, "args": entry.args}
                yield {"role": "tool", "call": call, "answer": entry.answer}
            elif kind == "malformed":
                yield {"role": "malformed", "content": entry.text, "problem": entry.problem}
            else:
                yield {"role": kind, "content": entry.text}
