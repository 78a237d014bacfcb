"""The questions that a seat was sent, for a terminal: each with the messages that are new since the previous one.

Text of agents is hostile: it is shown as in conversation.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.cli.conversation import indented, visible
from arena.messages import Message, NativeMessage
from arena.play.sent import Sent
from arena.records import Json


def sent_text(questions: Sequence[Sent], width: int) -> str:
    """Return questions to one seat as text of at most `width` columns; messages that were sent before are not
    repeated."""
    lines: list[str] = []
    system = None
    for sent in questions:
        lines += _question(sent, sent.system != system, width)
        system = sent.system
    return "\n".join(lines)


def _question(sent: Sent, with_system: bool, width: int) -> Iterator[str]:
    before = len(sent.messages) - sent.new
    repeated = f", the first {before} as before" if before else ""
    seat = visible(sent.seat).replace("\n", "\\n")
    yield f"[{sent.turn}.{sent.step}] {seat} is sent {len(sent.messages)} messages{repeated}:"
    if with_system:
        yield "  system:"
        yield from indented(sent.system, width)
    for message in sent.messages[before:]:
        yield f"  {message.role}:"
        yield from indented(message.text, width)
    if sent.reply is None:
        yield "  (no answer)"
    else:
        yield "  answer:"
        yield from indented(sent.reply, width)
    yield ""


def sent_json(sent: Sent) -> dict[str, Json]:
    """Return a question as one JSON object, all messages included."""
    return {
        "kind": sent.kind,
        "seat": sent.seat,
        "turn": sent.turn,
        "step": sent.step,
        "system": sent.system,
        "messages": [_message_json(message) for message in sent.messages],
        "reply": sent.reply,
    }


def _message_json(message: Message) -> dict[str, Json]:
    out: dict[str, Json] = {"role": message.role, "content": message.text}
    if isinstance(message, NativeMessage):
        out |= {"calls": [call._asdict() for call in message.calls]} if message.calls else {}
        out |= {"results": [result._asdict() for result in message.results]} if message.results else {}
    return out
