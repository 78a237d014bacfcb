"""A substitute for a model that writes matches: real plays with every result invented again. Pure.

It shows the pipeline without a network and without a model: the calculator's results are replaced by invented ones of
the same shape, everywhere they are quoted, and grounding has to undo that.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from arena.errors import DataError, Issue
from arena.families.crypto.checks.evidence import EVIDENCE_VALUE, quotable
from arena.families.crypto.data import roles
from arena.families.crypto.dataset.generated import FORMAT, Generated, Step, check_steps
from arena.families.crypto.dataset.grounding import pairs, replaced
from arena.families.crypto.dataset.requests import Asked, asked
from arena.families.crypto.script_values import forged
from arena.families.crypto.views import spoken
from arena.formats.bounded import lines_of, open_file, parse_json
from arena.formats.decode import encode
from arena.play.tool_protocol import call_text
from arena.records import Json, Record
from arena.store.finished_run import FinishedRun

MODEL = "reference-plays-with-invented-results"

Play = Callable[[int, list[str], int, Path], None]
"""(seed, challenge ids, repetitions, run directory): play the reference plays of these challenges."""


def invented_answers(
    requests: Path,
    challenges: Mapping[str, Mapping[str, Json]],
    play: Play,
    opened: Callable[[Path], FinishedRun],
) -> Iterator[bytes]:
    """Yield an answer line for each request of a batch file, in its order (answers.py says in which form).

    Errors: DataError for a request that is not from `dataset requests`.
    """
    wanted = list(_asked(requests))
    with tempfile.TemporaryDirectory() as folder:
        runs: dict[int, FinishedRun] = {}
        for seed in dict.fromkeys(one.seed for one in wanted):
            keys = [one.key for one in wanted if one.seed == seed]
            ids = list(dict.fromkeys(key.split("/")[1] for key in keys))
            out = Path(folder) / f"seed-{seed}"
            play(seed, ids, 1 + max(int(key.rpartition("_")[2]) for key in keys), out)
            runs[seed] = opened(out)
        for number, one in enumerate(wanted):
            record = runs[one.seed].records.get(one.key)
            if record is None:
                raise DataError([Issue(str(requests), f"line {number + 1}", f"{one.key} was not played")])
            made = invented_match(record, one.seed)
            check_steps(made.steps, roles(challenges[record.trial.unit]))
            yield _answer(number, one, json.dumps({"steps": encode(made)["steps"]}, ensure_ascii=True))


def _asked(requests: Path) -> Iterator[Asked]:
    with open_file(requests) as file:
        for number, (_, line) in enumerate(lines_of(file, str(requests)), 1):
            found = parse_json(line, str(requests), f"line {number}")
            one = asked(str(found.get("custom_id"))) if isinstance(found, dict) else None
            if one is None:
                raise DataError(
                    [Issue(str(requests), f"line {number}/custom_id", "is not an id from `dataset requests`")]
                )
            yield one


def _answer(number: int, one: Asked, text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = {"id": f"chatcmpl-{number}", "object": "chat.completion", "model": MODEL, "choices": [choice]}
    response = {"status_code": 200, "request_id": f"request-{number}", "body": body}
    line = {"id": f"batch_req_{number}", "custom_id": one.custom_id, "response": response, "error": None}
    return json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def invented_match(record: Record, seed: int) -> Generated:
    """Return a finished match as a model would have written it: the same talk and calls, invented results."""
    return written_match(record, seed, _invented)


def written_match(
    record: Record, seed: int, result: Callable[[Json, Mapping[str, str]], Json] = lambda true, known: true
) -> Generated:
    """Return a finished match as steps that can be played again.

    `seed`: of its run.  `result`: given the true result of a call and what was written for others so far, it returns
    what is written for this one; without it, the true one.
    """
    # Text from a role's prompt is not a result: the writer has read it there.
    known = {value: value for value in quotable(record.transcript.instance or {})}
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
            made = result(true, known)
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
    """Return a result with every code and big number in it invented again; what people would know stays. A value that
    was invented before is the same here, also within a longer text."""
    if isinstance(value, list):
        return [_invented(inner, known) for inner in value]
    if isinstance(value, dict):
        return {key: _invented(inner, known) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if EVIDENCE_VALUE.fullmatch(value):
        return known.get(value) or str(forged(value))
    return replaced(value, known)
