"""A conversation in the form that servers accept: adjacent messages of a role merged, calls as text if none are
offered."""

from __future__ import annotations

import json
from typing import NamedTuple

from arena.messages import ModelRequest, NativeCall, NativeMessage, NativeResult

SEPARATOR = "\n\n"
"""Separates texts that become one message."""


class Turn(NamedTuple):
    """Adjacent text of one role, with the native calls that it makes or the results that it returns."""

    role: str
    text: str
    calls: tuple[NativeCall, ...] = ()
    results: tuple[NativeResult, ...] = ()


def turns_of(request: ModelRequest) -> list[Turn]:
    """Return the messages to send: user, assistant, user, ... because many chat templates refuse anything else.

    Native calls and their results stay apart only if the request offers tools; else they become text.
    """
    merged: list[Turn] = []
    native, role = bool(request.tools), ""
    for message in request.conversation.messages:
        turn = _turn(message, native) if isinstance(message, NativeMessage) else Turn(message[0], message[1])
        if turn.role == role:
            merged[-1] = _joined(merged[-1], turn)
        else:
            merged.append(turn)
            role = turn.role
    return merged


def _joined(first: Turn, second: Turn) -> Turn:
    text = SEPARATOR.join(part for part in (first.text, second.text) if part)
    return Turn(first.role, text, first.calls + second.calls, first.results + second.results)


def _turn(message: NativeMessage, native: bool) -> Turn:
    if native:
        return Turn(message.role, message.text, message.calls, message.results)
    lines = [*(call_text(call) for call in message.calls), *(result.text for result in message.results)]
    return Turn(message.role, SEPARATOR.join(part for part in ("\n".join(lines), message.text) if part))


def call_text(call: NativeCall) -> str:
    """Return a native call as the text protocol writes it; arguments that are not JSON stay unchanged."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = call.arguments
    return json.dumps({"tool_call": {"op": call.name, "args": arguments}}, ensure_ascii=False)
