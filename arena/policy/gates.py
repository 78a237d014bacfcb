"""The hook for gates: a decision before every call.

A gate sees the facts of a call that is about to be made and allows, warns or denies. Today's one gate allows all; the
place, the decision's shape and what follows from a denial (trial `denied`, never a score) are already real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from arena.records import Json


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate decided: `verdict` is `allow`, `warn` or `deny`; the rest says why."""

    verdict: str
    reason_code: str
    rule_id: str
    message: str = ""

    def to_json(self) -> dict[str, Json]:
        return {
            "decision": self.verdict,
            "reason_code": self.reason_code,
            "rule_id": self.rule_id,
            "message": self.message,
        }


ALLOW = Decision("allow", "policy_default_allow", "policy.default")


class Gate(Protocol):
    """Facts of one call -> Decision. Thread-safe. Facts: kind (model, judge, tool), trial, seat, turn, step, op."""

    name: str

    def decide(self, facts: Mapping[str, Json]) -> Decision: ...


class AllowAll:
    """The gate that allows every call."""

    name = "allow-all"

    def decide(self, facts: Mapping[str, Json]) -> Decision:
        return ALLOW
