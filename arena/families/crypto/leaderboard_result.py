"""A run in the predecessor's public result format, for its leaderboard (docs/leaderboard.md describes it).

Written match by match: memory does not depend on their number. What the shape has no place for (verified scores, tool
calls, costs) is left out; `canary` is the one addition.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from arena.errors import DataError, Issue, UsageError
from arena.families.crypto.challenges.schema import ChallengeSet
from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.data import TOOLS_POINTER, challenge_of, played_challenges
from arena.families.crypto.prompts import system_prompt
from arena.families.crypto.spec import SPEC
from arena.families.crypto.views import role_messages, spoken
from arena.play.hearing import seat_nonce
from arena.records import EVERYBODY, PENDING, Entry, Json, Record
from arena.store.files import AtomicFile
from arena.store.finished_run import FinishedRun
from arena.store.rundir import MANIFEST_FILE, SUMMARY_FILE

AGENT = "agent"
"""The only role of the shape: one tested agent plays all seats."""


def export(run: FinishedRun, out: Path, include_transcripts: bool, canary: str) -> int:
    """Write the file and return the number of matches. `canary`: the text by which the data can be found.

    Errors: UsageError for a run that the format cannot represent (another family, cross-play); DataError for a damaged
    one.
    """
    identity = run.manifest.identity
    if identity.family != SPEC.name:
        raise UsageError(
            f"{run.path}: this format is for the {SPEC.name} family, not for {identity.family}: give a run of `arena"
            " run`"
        )
    if identity.models.roles:
        names = ", ".join(sorted(identity.models.roles))
        raise UsageError(f"{run.path}: the shape knows one agent that plays all roles; here {names} had another model")
    if identity.settings.get("adversary") == "scripted":
        raise UsageError(
            f"{run.path}: the shape knows one agent that plays all roles; here scripts cheated in some seats: give a"
            " run without --adversary scripted"
        )
    challenges = played_challenges(run)
    out.parent.mkdir(parents=True, exist_ok=True)
    file = AtomicFile(out)
    written = 0
    try:
        head = _head(run, challenges, include_transcripts)
        file.write(_encode(f"{head}"))
        by_id = {challenge["id"]: challenge for challenge in challenges.challenges}
        tools = TOOLS_POINTER if identity.tools_sha256 else None
        for place, record in run.records.placed():
            if record.trial.unit not in by_id:
                message = f"{record.trial.unit} is not among the challenges of the run"
                raise DataError([Issue(str(run.records.path), f"line {place.number}: /unit", message)])
            match = match_json(record, challenge_of(by_id, record.trial), identity.settings["max_turns"], tools)
            if not include_transcripts:
                match = {name: value for name, value in match.items() if name not in BULKY}
            file.write(b",\n        " if written else b"\n        ")
            file.write(_indented(match, 8))
            written += 1
        end = "\n      ]" if written else "]"
        tail = _indented(canary, 0).decode()
        file.write(_encode(f'{end}\n    }}\n  ],\n  "canary": {tail}\n}}\n'))
        file.close()
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError([Issue(str(run.path / SUMMARY_FILE), "", f"is malformed: {error!r}")]) from None
    finally:
        file.discard()
    return written


BULKY = frozenset({"transcript", "role_views", "challenge"})
"""Members of a match that are left out without --include-transcripts."""


def _head(run: FinishedRun, challenges: ChallengeSet, include_transcripts: bool) -> str:
    """Return the text of the file up to the first match."""
    summary, settings = run.summary(), run.manifest.identity.settings
    ids = [challenge["id"] for challenge in challenges.challenges]
    chosen = bool(settings["challenge_ids"]) or settings["challenge_split"] is not None
    result = {
        "benchmark_version": challenges.version,
        "benchmark_created_at": challenges.created_at or "",
        "config": {
            "benchmark_path": str(settings["challenges"]),
            "seed": settings["seed"],
            "repetitions": settings["repetitions"],
            "max_turns": settings["max_turns"],
            "limit_challenges": settings["limit"] or len(ids),
            "challenge_ids": ids if chosen else [],
            "timeout_s_per_turn": math.ceil(_timeout(run)),
            "include_transcripts": include_transcripts,
        },
        "elapsed_s": round(math.fsum(session.seconds or 0.0 for session in run.manifest.sessions), 3),
        "summary": {
            "n_matches": summary["n_matches"],
            "outcomes": summary["outcomes"],
            "mean_scores": summary["mean_scores"],
            "per_challenge": list(_per_challenge(summary)),
        },
        "matches": [],
    }
    participants = {AGENT: run.manifest.identity.models.participant}
    whole = json.dumps({"participants": participants, "results": [result]}, indent=2, ensure_ascii=False)
    return whole[: whole.rindex('"matches": []')] + '"matches": ['


def _timeout(run: FinishedRun) -> float:
    """Return the time limit of a call in seconds. Errors: DataError if the manifest has no such number."""
    found = run.manifest.operation.get("timeout")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise DataError([Issue(str(run.path / MANIFEST_FILE), "/operation/timeout", "must be a number")])
    return found


def _per_challenge(summary: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    for unit in sorted(summary["per_challenge"], key=lambda unit: str(unit["challenge_id"])):
        yield {
            "challenge_id": unit["challenge_id"],
            "challenge_name": unit["challenge_name"],
            "n": unit["n"],
            "outcomes": unit["outcomes"],
            "mean_scores": unit["mean_scores"],
            "errors": unit["n"] - unit["scored"],
        }


def _turn(entry: Entry) -> dict[str, Json]:
    """Return a turn; a private one names who heard it, which the shape does not know."""
    turn: dict[str, Json] = {"speaker": entry.seat, "content": spoken(entry)}
    return turn if entry.to == EVERYBODY else {**turn, "to": list(entry.to)}


def match_json(record: Record, challenge: Mapping[str, Json], max_turns: int, tools: str | None) -> dict[str, Json]:
    """Return a record as the shape's match object. `tools` replaces the calculator's description in the prompts.

    A match without a verdict has an `error` with the reason; `outcome` is null unless aborted.
    """
    score, entries = record.score, record.transcript.entries
    seats = [participant["id"] for participant in challenge["participants"]]
    verdict = {"scores": score.values, "verdict": score.verdict or ""} if record.scored else None
    return {
        "challenge_id": challenge["id"],
        "challenge_name": challenge["name"],
        "difficulty": challenge["difficulty"],
        "participants": seats,
        "initiator_agent_id": challenge["self_play"]["initiator_agent_id"],
        "max_turns": turns_of(challenge, max_turns),
        "transcript": [_turn(entry) for entry in entries if entry.kind == "say"],
        "role_views": {
            seat: {
                "system_prompt": system_prompt(
                    challenge, seat, tools, max_turns, record.transcript.instance, seat_nonce(record.trial.seed, seat)
                ),
                "messages": [m for m in role_messages(entries, seat) if m["role"] in ("assistant", "user")],
            }
            for seat in seats
        },
        "judge_verdict": verdict,
        "error": None if record.scored else _error(record),
        "challenge": challenge,
        "rep": record.trial.plan["rep"],
        "outcome": score.outcome,
    }


def _error(record: Record) -> str:
    if record.status == PENDING:
        return record.score.unscored or PENDING
    status = "unscored" if record.status == "done" else record.status
    why = record.score.unscored if status == "unscored" else record.transcript.detail or record.stop
    return f"{status}: {why}"


def _indented(value: Json, columns: int) -> bytes:
    """Return a value as JSON with an indent of 2, all but its first line moved to the right."""
    return _encode(json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + " " * columns))


def _encode(text: str) -> bytes:
    """Return JSON as UTF-8; half a surrogate pair, which UTF-8 cannot encode, becomes a JSON escape."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(c if not "\ud800" <= c <= "\udfff" else f"\\u{ord(c):04x}" for c in text).encode()
