"""What follows from a gate's denial: the text that is recorded, and what a caller gets instead of an answer."""

from __future__ import annotations

from arena.errors import GateDenied
from arena.messages import ModelReply
from arena.policy.gates import REFUSE_REPLY, Decision
from arena.records import Json

WITHHELD = "This reply was withheld by policy."
"""Stands in for a reply that a gate refused, where its rule gives no message."""


def denial_text(decision: Decision) -> str:
    return f"{decision.rule_id}: {decision.message or decision.reason_code}"


def denied_answer(decision: Decision) -> dict[str, Json]:
    return {"ok": False, "error": {"code": "denied_by_policy", "message": decision.message or decision.reason_code}}


def withheld(reply: ModelReply, decision: Decision) -> ModelReply:
    """Return the reply that stands in for a denied one. Errors: GateDenied where the rule ends the trial."""
    if decision.on_deny != REFUSE_REPLY:
        raise GateDenied(denial_text(decision))
    return reply._replace(text=decision.message or WITHHELD, reasoning="", notes=(*reply.notes, "withheld by a gate"))
