"""A conversation as servers take it: neighbours of one role merged, and calls in text where none are offered."""

from __future__ import annotations

import json
from collections.abc import Sequence

from arena.messages import Message, ModelRequest, NativeCall

SEPARATOR = "\n\n"
"""Stands between texts that become one message."""


def turns_of(request: ModelRequest) -> list[Message]:
    """Return the messages to send: user, assistant, user, ... since many chat templates refuse anything else.

    Native calls and their results stay apart only where the request offers tools; else they become text.
    """
    messages: Sequence[Message] = request.conversation.messages
    if not request.tools:
        messages = [_as_text(message) for message in messages]
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = _joined(merged[-1], message)
        else:
            merged.append(message)
    return merged


def _joined(first: Message, second: Message) -> Message:
    text = SEPARATOR.join(part for part in (first.text, second.text) if part)
    return Message(first.role, text, first.calls + second.calls, first.results + second.results)


def _as_text(message: Message) -> Message:
    if not message.calls and not message.results:
        return message
    lines = [*(call_text(call) for call in message.calls), *(result.text for result in message.results)]
    return Message(message.role, SEPARATOR.join(part for part in ("\n".join(lines), message.text) if part))


def call_text(call: NativeCall) -> str:
    """Return a native call as the text protocol writes it; arguments that are no JSON stay as they are."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = call.arguments
    return json.dumps({"tool_call": {"op": call.name, "args": arguments}}, ensure_ascii=False)
