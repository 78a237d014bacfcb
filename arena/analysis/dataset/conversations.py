"""A player's conversation as chat messages to learn from: the messages it was sent, and its replies. Pure.

Messages of one role in a row are joined, as they are for every provider. A seat whose conversation starts again within
a match gives one chat per start.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from arena.play.call_reading import Call
from arena.play.sent import Sent
from arena.play.tool_protocol import RESULTS_HEADER, parse
from arena.records import Json

Chat = list[dict[str, Json]]


def chats_of(calls: Sequence[Sent]) -> Iterator[tuple[str, Chat]]:
    """Yield (seat, chat) of each conversation of a match, seats in the order of their first call.

    The last reply is the last message of a conversation; its request contains all messages before it.
    """
    last: dict[str, list[Sent]] = {}
    for call in calls:
        if call.kind != "model" or call.reply is None:
            continue
        started = last.setdefault(call.seat, [])
        if started and call.messages[: len(started[-1].messages)] == started[-1].messages:
            started[-1] = call
        else:
            started.append(call)
    for seat, ends in last.items():
        for call in ends:
            yield seat, chat_of(call)


def chat_of(call: Sent) -> Chat:
    """Return one conversation as messages, the reply as the last one."""
    chat: Chat = [{"role": "system", "content": call.system}] if call.system else []
    for sender, text in [*call.messages, ("assistant", call.reply or "")]:
        if chat and chat[-1]["role"] == sender:
            chat[-1]["content"] = f"{chat[-1]['content']}\n\n{text}"
        else:
            chat.append({"role": sender, "content": text})
    return chat


def tools_of(chat: Chat) -> list[Json]:
    """Return the tools that a chat with native calls uses, in the form in which chat APIs are offered them, sorted.

    The chat itself describes the arguments of ops, so any arguments are allowed here.
    """
    names = {call["function"]["name"] for message in chat for call in message.get("tool_calls") or ()}
    anything = {"type": "object", "additionalProperties": True}
    return [{"type": "function", "function": {"name": name, "parameters": anything}} for name in sorted(names)]


def with_native_calls(chat: Chat) -> Chat:
    """Return a chat with its calls in the form of chat APIs: `tool_calls` of the assistant, results as `tool` messages.

    A message that is not a well-formed call stays unchanged, and so does the harness's answer to it.
    """
    made: Chat = []
    waiting: list[str] = []
    for message in chat:
        text = str(message["content"])
        if message["role"] == "assistant":
            items = parse(text).items
            waiting = []
            if items and all(isinstance(item, Call) for item in items):
                calls: list[Json] = []
                for item in items:
                    assert isinstance(item, Call)
                    waiting.append(f"call_{len(made)}_{len(calls)}")
                    function = {"name": item.op, "arguments": json.dumps(item.args, ensure_ascii=False)}
                    calls.append({"id": waiting[-1], "type": "function", "function": function})
                made.append({"role": "assistant", "content": parse(text).say or None, "tool_calls": calls})
                continue
        elif waiting and text.startswith(RESULTS_HEADER[: RESULTS_HEADER.index(" (")]):
            lines = [line for line in text.split("\n") if line.startswith("{")]
            if len(lines) == len(waiting):
                made += [
                    {"role": "tool", "tool_call_id": one, "content": line}
                    for one, line in zip(waiting, lines, strict=True)
                ]
                waiting = []
                continue
        made.append(message)
    return made
