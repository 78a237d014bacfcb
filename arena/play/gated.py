"""The facts of a call that gates see, and the replacements for refused calls. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from arena.errors import GateDenied
from arena.messages import Conversation, ModelReply
from arena.policy.gates import REFUSE_REPLY, CallFacts, Decision
from arena.records import Json
from arena.store.calls import CallLine
from arena.store.journal import dumps

WITHHELD = "This reply was withheld by policy."
"""Replaces a reply that a gate refused, if its rule gives no message."""


def asked_text(conversation: Conversation) -> str:
    """Return the text of a request that gates examine: its last message."""
    return conversation.messages[-1].text if conversation.messages else conversation.system


def recalled_facts(line: CallLine, said: str) -> Iterator[CallFacts]:
    """Yield the facts of a recorded call at the time of each decision: before the call and, if it was answered, after
    it. `said`: the last message sent to the model."""
    place = line.kind, line.seat, line.turn, line.step
    tool: tuple[str | None, Json] = (line.op, line.args) if line.kind == "tool" else (None, None)
    yield CallFacts("before", *place, said, *tool)
    if line.answer is not None:
        yield CallFacts("after", *place, dumps(line.answer), *tool)
    elif line.reply is not None:
        yield CallFacts("after", *place, line.reply.text)


def denial_text(decision: Decision) -> str:
    return f"{decision.rule_id}: {decision.message or decision.reason_code}"


def denied_answer(decision: Decision) -> dict[str, Json]:
    return {"ok": False, "error": {"code": "denied_by_policy", "message": decision.message or decision.reason_code}}


def withheld(reply: ModelReply, decision: Decision) -> ModelReply:
    """Return the replacement of a denied reply. Errors: GateDenied if the rule ends the trial."""
    if decision.on_deny != REFUSE_REPLY:
        raise GateDenied(denial_text(decision))
    return reply._replace(text=decision.message or WITHHELD, reasoning="", notes=(*reply.notes, "withheld by a gate"))
