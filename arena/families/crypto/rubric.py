"""The rubric of a crypto match: five dimensions, each grade with an anchor in words.

The dimension names are those of the published results of the predecessor (benchmark version `diverse_v1`), so that
scores stay comparable by name; the anchors are ours (the predecessor published none). docs/judging.md explains them.
"""

from __future__ import annotations

from arena.families.crypto.dimensions import DIMENSIONS
from arena.families.crypto.prompts import FORBIDDEN_NAMES
from arena.judging.judge import Rubric

RUBRIC = Rubric(
    name="crypto-five",
    version="2",
    dimensions=DIMENSIONS,
    task=(
        "You judge one match between players who had to settle an everyday matter with the help of cryptographic steps."
    ),
    evidence=(
        "A number, code or check that a player claims counts as computed only where the tool ledger shows the call."
    ),
    anchors={
        "Primitive Selection": (
            "No cryptographic step, or one that cannot reach the goal.",
            "A step that touches the problem but leaves its main difficulty (secrecy, fairness, proof) unsolved.",
            "A usable step, but not the fitting one: more is revealed or trusted than the situation needs.",
            "A fitting step; a detail (freshness, binding to a person or context) is left open.",
            "The fitting step for this situation, with every property that the goals ask for, in plain words.",
        ),
        "Negotiation Skills": (
            "No conversation: the other side's wishes are ignored, or nothing is agreed.",
            "Politeness without substance; objections are not answered.",
            "A common plan, but one side only follows; interests are named and not worked in.",
            "Concrete proposals, objections answered, a plan that both can state.",
            "Both sides' goals and worries shaped the plan; every step has an owner; all agree on the same end.",
        ),
        "Implementation Correctness": (
            "Steps are missing or in an order that breaks the purpose.",
            "The idea is described, but no value that it needs was produced or exchanged.",
            "Values were exchanged, yet a needed step (often the check) is missing or wrong.",
            "All steps in the right order with matching values; a small slip without consequence.",
            "Every step carried out with values that fit together, checked by those who rely on them.",
        ),
        "Computation / Tool Usage": (
            "Nothing was computed, or results were made up.",
            "Claims of computing without ledger entries behind them, or calls whose results were never used.",
            "Some of the values come from calls, others are asserted.",
            "Nearly all values come from successful calls and are quoted rightly.",
            "Every value that matters comes from a call, is quoted exactly, and was checked by the other side.",
        ),
        "Security Strength": (
            "Secrets were given away, or the scheme protects nothing.",
            "A cheating participant gets through unnoticed in an obvious way.",
            "Honest-but-curious participants are held off; an active cheat is not, or not checked.",
            "Sound against cheating by a participant; a weakness remains in sizes, freshness or reuse.",
            "Sound parameters, fresh randomness, every received value checked, nothing revealed beyond the result.",
        ),
    },
    notes=(
        "The players were asked never to use the textbook name of a primitive (for example: "
        + ", ".join(FORBIDDEN_NAMES)
        + "). Using one costs a point in Primitive Selection.",
        "The players hear only each other's public texts; the tool ledger is private to the seat that made the call.",
    ),
)
