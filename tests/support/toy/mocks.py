"""Mock models of the toy family: functions of their input."""

from __future__ import annotations

import json

from arena.messages import ModelRequest
from arena.play.tool_protocol import call_text
from arena.providers.mock import MockProvider


def asker(request: ModelRequest) -> str:
    if request.sampling.temperature == 0.7:
        return f"sample {request.key.turn} of {len(request.conversation.messages)} messages"
    return f"Please shelve {1 + int(request.seed[:2], 16) % 5} boxes."


def doer(request: ModelRequest) -> str:
    last = request.conversation.messages[-1].text
    if "Please shelve" in last:
        return call_text("put", {"boxes": int(last.split("shelve ")[1].split()[0])})
    if "denied_by_policy" in last:
        return "I was not allowed to."
    return "Done as asked."


def careless(request: ModelRequest) -> str:
    """Calls tools in turns that have none, until the trial is aborted."""
    return call_text("put", {"boxes": 1})


def umpire(request: ModelRequest) -> str:
    grade = 1 + int(request.seed[2:4], 16) % 5
    return json.dumps({"scores": {"care": grade}, "verdict": f"Care was worth {grade}."})


def build(name: str, settings: object) -> MockProvider:
    return MockProvider({"asker": asker, "doer": doer, "careless": careless}, {"umpire": umpire})
