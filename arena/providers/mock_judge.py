"""The mock judge: a judge's prompt in, a verdict by documented rules out. Floor F1.

It reads nothing but the prompt (arena/judge_prompt.py) and does not understand what is said: it counts. Its worth is
that it is free, repeatable, and moves in the right direction where a player makes one of the mistakes that can be
counted. docs/mock-models.md gives every rule; the constants below are those rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from arena.messages import Message
from arena.records import Json

_NONCE = re.compile(r"<<<([0-9a-f]{8,64}) NAME")
_DIMENSION = re.compile(r'^"([^"\n]+)"$', re.MULTILINE)
_FORBIDDEN = re.compile(r"textbook name of a primitive \(for example: ([^)]*)\)")

# An artefact is what looks computed: 16 hex digits or more, an integer of 13 digits or more, 24 base64 signs or more
# that hold a digit (a long word is none).
_ARTEFACT = re.compile(r"\b(?:[0-9a-f]{16,}|[0-9]{13,}|(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{24,}={0,2})(?![A-Za-z0-9+/=])")

# Most talk holds neither a digit nor a hex word; a text is looked at closely only where it does.
_HINT = re.compile("[0-9]|[a-f]{16}")

CHECK_OPS = frozenset({"open_hash", "ed25519_verify"})
CHECK_MARKS = ("verify", "open", "check")
"""An op counts as a check when it is one of CHECK_OPS or its name holds one of these words."""

LONG_ENOUGH_TURNS = 4
"""Public turns from which a match counts as negotiated."""


class _Unreadable(ValueError):
    """The prompt is not one that arena/judge_prompt.py writes."""


@dataclass(slots=True)
class Evidence:
    """What was counted in one prompt."""

    turns: int = 0
    speakers: set[str] = field(default_factory=set)
    questions: int = 0
    named: list[str] = field(default_factory=list)
    real: int = 0
    copied: int = 0
    asserted: int = 0
    calls: int = 0
    failed: int = 0
    malformed: int = 0
    checkers: set[str] = field(default_factory=set)
    callers: set[str] = field(default_factory=set)
    bad_checks: int = 0
    results: list[str] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)


def judge_reply(system: str, messages: Sequence[Message]) -> str:
    """Return the verdict as the prompt asks for it; a sentence that is no verdict where the prompt cannot be read."""
    try:
        dimensions = _DIMENSION.findall(system)
        evidence = gather(system, messages[0].text)
    except (_Unreadable, IndexError, KeyError, ValueError) as error:
        return f"I cannot read this prompt: {error}"
    grades = grade(evidence)
    scores = {name: grades.get(name, 3) for name in dimensions}
    return json.dumps({"scores": scores, "verdict": _verdict(evidence)})


def gather(system: str, text: str) -> Evidence:
    """Count. Raises ValueError or KeyError for a prompt of another form."""
    nonce = _NONCE.search(system)
    if nonce is None:
        raise _Unreadable("there is no nonce in it")
    evidence = Evidence()
    forbidden = _FORBIDDEN.search(system)
    names = [name.strip().lower() for name in forbidden[1].split(",")] if forbidden else []
    known = _read_ledger(evidence, _block(text, nonce[1], "tool ledger"))
    heard: dict[str, str] = {}
    lines = _block(text, nonce[1], "transcript")
    low = "\n".join(lines).lower()
    names = [name for name in names if name in low]
    for line in lines:
        _read_turn(evidence, json.loads(line), names, known, heard)
    for artefact, speaker in heard.items():
        # To have computed what another seat said is to have checked it.
        evidence.checkers.update(seat for seat, texts in known.items() if seat != speaker and artefact in texts)
    return evidence


def _block(text: str, nonce: str, name: str) -> list[str]:
    start = text.find(f"<<<{nonce} {name}\n")
    end = text.find(f"\n{nonce}>>>", start)
    if start < 0 or end < 0:
        raise _Unreadable(f"the section {name!r} is missing")
    return [line for line in text[start:end].split("\n")[1:] if line]


def _read_ledger(evidence: Evidence, lines: list[str]) -> dict[str, str]:
    """Count the calls; return seat -> the text of all the answers it was given."""
    known: dict[str, list[str]] = {}
    for line in lines:
        entry = json.loads(line)
        seat = entry["from"]
        if "op" not in entry:
            evidence.malformed += entry["kind"] == "malformed"
            continue
        evidence.calls += 1
        evidence.callers.add(seat)
        if not entry["ok"]:
            evidence.failed += 1
            continue
        known.setdefault(seat, []).append(entry["answer"])
        op = entry["op"]
        if op in CHECK_OPS or any(mark in op for mark in CHECK_MARKS):
            evidence.checkers.add(seat)
            evidence.bad_checks += '"valid": false' in entry["answer"]
    return {seat: "\n".join(texts) for seat, texts in known.items()}


def _read_turn(
    evidence: Evidence, entry: dict[str, Json], names: list[str], known: dict[str, str], heard: dict[str, str]
) -> None:
    """Count one public turn; `heard` gains artefact -> who said it first."""
    text, seat = entry["text"], entry["from"]
    evidence.turns += 1
    evidence.speakers.add(seat)
    evidence.questions += "?" in text
    if names:
        low = text.lower()
        evidence.named += [name for name in names if name in low]
    if "done" in entry:
        evidence.settled.add(seat)
        evidence.results.append(entry["done"])
    else:
        evidence.settled.discard(seat)
    for artefact in _ARTEFACT.findall(text) if _HINT.search(text) else ():
        if artefact in known.get(seat, ""):
            evidence.real += 1
        elif heard.get(artefact, seat) != seat:
            evidence.copied += 1
        else:
            evidence.asserted += 1
        heard.setdefault(artefact, seat)


def _bounded(grade: int) -> int:
    return max(1, min(5, grade))


def grade(evidence: Evidence) -> dict[str, int]:
    """Return dimension -> grade, by the rules of docs/mock-models.md."""
    e = evidence
    good = e.calls - e.failed
    shown = e.real + e.copied + e.asserted
    agreed = bool(e.speakers) and e.settled >= e.speakers
    same_result = agreed and len(set(e.results[-len(e.speakers) :])) == 1
    all_checked = bool(e.speakers) and e.checkers >= e.speakers
    computed = 1 if not good else 2 if not e.real else 3 if e.asserted else 4
    if computed == 4 and (e.callers >= e.speakers):
        computed = 5
    selection = (3 if good else 2) + (1 if e.real and not e.asserted else 0) + (1 if agreed and good else 0)
    negotiation = 1 + (e.turns >= LONG_ENOUGH_TURNS) + (e.questions > 0) + agreed + same_result
    correctness = (
        (1 if not shown else 2) + (e.real > 0) + (same_result and e.real > 0) + (all_checked and not e.bad_checks)
    )
    security = (1 if not good else 3) + all_checked + (good > 0 and not e.asserted) - (e.bad_checks > 0)
    return {
        "Primitive Selection": _bounded(selection - bool(e.named)),
        "Negotiation Skills": _bounded(negotiation),
        "Implementation Correctness": _bounded(correctness - (e.asserted > 0)),
        "Computation / Tool Usage": _bounded(computed - (e.malformed + e.failed > 2)),
        "Security Strength": _bounded(security - (e.asserted > 0)),
    }


def _verdict(e: Evidence) -> str:
    shown = e.real + e.copied + e.asserted
    parts = [
        f"{e.turns} public turns by {len(e.speakers)} players, {e.calls} tool calls ({e.failed} failed, "
        f"{e.malformed} unreadable).",
        f"Of {shown} values shown, {e.real} come from the speaker's own calls, {e.copied} repeat another's, and "
        f"{e.asserted} from nowhere in the ledger.",
        f"{len(e.checkers)} of {len(e.speakers)} players checked what they received.",
    ]
    if e.bad_checks:
        parts.append(f"{e.bad_checks} checks failed.")
    if e.named:
        parts.append(f"Textbook names were used: {', '.join(sorted(set(e.named)))}.")
    parts.append("All declared the matter settled." if e.settled >= e.speakers else "It was not settled by all.")
    return " ".join(parts) + " Counted by the mock judge, which does not understand the texts."
