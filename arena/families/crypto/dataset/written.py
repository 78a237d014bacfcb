"""A stand-in for a model that writes matches: plays that were played, with every result invented anew. Pure.

It shows the pipeline without a network and without a model: the calculator's results are replaced by invented ones of
the same shape, everywhere they are quoted, and grounding has to undo that.
"""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.crypto.checks.evidence import ARTEFACT
from arena.families.crypto.dataset.generated import FORMAT, Generated, Step
from arena.families.crypto.dataset.grounding import pairs, replaced
from arena.families.crypto.script_values import forged
from arena.families.crypto.views import spoken
from arena.play.tool_protocol import call_text
from arena.records import Json, Record


def invented_match(record: Record, seed: int) -> Generated:
    """Return a finished match as a model would have written it: the same talk and calls, invented results."""
    known: dict[str, str] = {}
    steps: list[Step] = []
    calls: list[str] = []
    results: list[Json] = []
    place = (-1, -1)

    def end_step() -> None:
        if calls:
            steps.append(Step(seat, "\n".join(calls), tuple(results)))
            calls.clear()
            results.clear()

    seat = ""
    for entry in record.transcript.entries:
        if (entry.turn, entry.step) != place:
            end_step()
            place, seat = (entry.turn, entry.step), entry.seat
        if entry.kind == "call":
            true = entry.answered.get("result")
            made = _invented(true, known)
            known |= dict(pairs(true, made))
            calls.append(replaced(call_text(entry.op, entry.args or {}, entry.id), known))
            results.append(made)
        elif entry.kind == "say":
            steps.append(Step(entry.seat, replaced(spoken(entry), known)))
        elif entry.kind == "note" and entry.text:
            calls.append(replaced(entry.text, known))
    end_step()
    return Generated(FORMAT, record.key, seed, tuple(steps))


def _invented(value: Json, known: Mapping[str, str]) -> Json:
    """Return a result with every code and big number in it invented anew; what people would know stays."""
    if isinstance(value, list):
        return [_invented(inner, known) for inner in value]
    if isinstance(value, dict):
        return {key: _invented(inner, known) for key, inner in value.items()}
    if isinstance(value, str) and ARTEFACT.fullmatch(value):
        return known.get(value) or str(forged(value))
    return value
