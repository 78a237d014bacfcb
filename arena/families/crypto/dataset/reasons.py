"""Reasons why a played match is unfit for training: the checks that every row has to pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.dataset.generated import Generated
from arena.families.crypto.dataset.grounding import differing
from arena.families.crypto.outcome import OUTCOMES
from arena.records import Record, Stop

SUCCESS = OUTCOMES[0]

REASONS: Mapping[str, str] = {
    "held_out": "the challenge is not in the train split",
    "not_played": "the match was not played to its end",
    "no_agreement": "the roles did not all declare the same result",
    "wrong_result": "the declared result is not the right one",
    "no_calls": "nobody called the calculator",
    "failed_call": "the calculator refused a call, or a call could not be read",
    "other_result": "the calculator's result differs, and the text cannot be corrected for it",
    "made_up_value": "a value in a public turn has no source",
    "leak": "a role showed a value that it was to keep",
    "textbook_name": "a public turn holds the textbook name of a primitive",
    "told_to_cheat": "a seat was told to cheat, so its turns are no example to follow",
    "not_verified": "the mechanical checks cap the match below success",
}
"""Reason -> its meaning. A match may have several."""


def reasons_against(record: Record, split: str, made: Generated | None = None) -> tuple[str, ...]:
    """Return why a match is not used, in the order of REASONS; empty for one that is.

    `split`: that of its challenge.  `made`: the written match, for a generated one.
    """
    found = set()
    detail = detail_of(record)
    if split != "train":
        found.add("held_out")
    if record.status != "done" or detail is None:
        return tuple(name for name in REASONS if name in {*found, "not_played"})
    checks = detail.checks
    if record.stop is not Stop.AGREED_END or (checks.result is not None and not checks.result.agreed):
        found.add("no_agreement")
    elif checks.result is not None and not checks.result.ok:
        found.add("wrong_result")
    if not checks.tools.calls:
        found.add("no_calls")
    if checks.tools.failed or checks.tools.malformed:
        found.add("failed_call")
    if made is not None and _differs(record, made):
        found.add("other_result")
    if not checks.artefacts.ok:
        found.add("made_up_value")
    if checks.leaks is not None and not checks.leaks.ok:
        found.add("leak")
    if not checks.textbook_names.ok:
        found.add("textbook_name")
    if checks.cheat is not None and checks.cheat.told is not None:
        found.add("told_to_cheat")
    if record.scored and detail.verified.outcome != SUCCESS:
        found.add("not_verified")
    return tuple(name for name in REASONS if name in found)


def _differs(record: Record, made: Generated) -> bool:
    """Return whether a result differs from the written one in a part that the texts depend on."""
    answers: dict[str, list[object]] = {}
    for entry in record.transcript.entries:
        if entry.kind == "call":
            answers.setdefault(entry.seat, []).append(entry.answered.get("result"))
    for role in {step.role for step in made.steps}:
        written = [result for step in made.of(role) for result in step.results]
        true = answers.get(role, [])
        if len(true) != len(written) or any(map(differing, written, true)):
            return True
    return False
