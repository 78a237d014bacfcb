"""The mock judge's counts over a judge's prompt (arena/judging/prompt.py). Pure; docs/mock-models.md explains them.

They use what the prompt shows: the transcript, the ledger of calls and, under `instance` of the challenge, the values
of each role, which of them are secret, and the right result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from arena.families.crypto.challenges.result_kinds import Unreadable, normal
from arena.families.crypto.checks.code_hints import digit_or_hex
from arena.families.crypto.mock.sections import NONCE, UnreadablePrompt, block, names_of, section, without_nonce
from arena.judging.repeats import Repeats
from arena.records import Json

_FORBIDDEN = "textbook name of a primitive (for example: "

# An evidence value is what looks computed: 16 hex digits or more, an integer of 13 digits or more, 24 base64 signs or
# more that hold a digit (a long word is none).
EVIDENCE_VALUE = re.compile(
    r"\b(?:[0-9a-f]{16,}|[0-9]{13,}|(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{24,}={0,2})(?![A-Za-z0-9+/=])"
)

_decoder = json.JSONDecoder()

CHECK_MARKS = ("verify", "open", "check", "equal", "decrypt", "combine", "match", "card", "link")
"""An op counts as a check if its name contains one of these words."""

_NO = re.compile(r'"(?:valid|equal|opened)": ?false')
"""The form of an answer to a failed check."""

_CUT = " characters cut ...]"

EDGE = 24
"""Number of characters at the beginning or the end that identify an evidence value in a cut answer of the ledger."""

LEAST_SECRET_NUMBER = 10
LEAST_SECRET_CHARS = 4
"""Smaller secrets occur by chance."""

LABEL_CHARS = 8
"""Number of characters before an evidence value that describe it."""

BEFORE_CHARS = 60
_OWN = re.compile(r"\b(my|mine|own)\b", re.IGNORECASE)
_OTHERS = re.compile(r"\b(your|yours|his|her|their|heard|received|repeat)\b", re.IGNORECASE)
"""Words before an evidence value by which a seat claims it as its own, or says that it repeats another seat's."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The content of the prompt under `instance`.

    `right`: the right result (None: unknown, or a matter of agreement). `wanted`: whether there is a result to name.
    `secrets`: role -> value -> its texts that occur in the transcript. `until`: value -> roles that must have shown
    something before. `values`: role -> its values.
    """

    right: Json = None
    wanted: bool = False
    secrets: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    until: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: Mapping[str, Json] = field(default_factory=dict)
    plain: bool = False
    """Plain talk is right here: nothing has to be computed."""
    cheated: str | None = None
    """The seat that cheated. Its declaration does not count, and a failed check is right."""


@dataclass(slots=True)
class Evidence:
    """The counts of one prompt.

    `real`, `copied`, `asserted`: evidence values of public turns by their source (the speaker's own answers, another
    seat, none). `unseen`: those that may be in an answer of which the ledger shows only a part. `replayed`: those of
    another seat that the speaker showed as its own. `loose`: values that no other seat put into a call or computed
    itself. `leaked`: names of secret values that their owner said. `ends`: seat -> the result (JSON) with which its
    latest turn ended.
    """

    facts: Facts = field(default_factory=Facts)
    turns: int = 0
    speakers: set[str] = field(default_factory=set)
    questions: int = 0
    named: list[str] = field(default_factory=list)
    real: int = 0
    copied: int = 0
    asserted: int = 0
    unseen: int = 0
    replayed: int = 0
    loose: int = 0
    calls: int = 0
    failed: int = 0
    malformed: int = 0
    checks: int = 0
    checkers: set[str] = field(default_factory=set)
    callers: set[str] = field(default_factory=set)
    bad_checks: int = 0
    leaked: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Seat -> the words by which a question names it, in lower case."""
    seen: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Fact -> the seats and turns that show it, in order. The facts: `call`, `check`, `drawn` (by chance), `value` (of
    the speaker's own calls), `asserted`, `leaked`, `end`."""
    said: list[tuple[int, str]] = field(default_factory=list)
    """Turn and text of every public turn."""

    def note(self, kind: str, seat: str, turn: int) -> None:
        self.seen.setdefault(kind, []).append((seat, turn))

    @property
    def shown(self) -> int:
        return self.real + self.copied + self.asserted + self.unseen

    @property
    def agreed(self) -> bool:
        """Whether every seat's latest turn ended the matter."""
        return bool(self.speakers) and self.ends.keys() >= self.speakers - {self.facts.cheated}

    @property
    def counted(self) -> list[str]:
        """The results (JSON) of the seats whose declarations count."""
        return [end for seat, end in self.ends.items() if seat != self.facts.cheated]

    @property
    def same_result(self) -> bool:
        """Whether all seats ended with the same result, which is not empty."""
        return self.agreed and len(set(self.counted)) == 1 and "null" not in self.counted

    @property
    def open_result(self) -> bool:
        """Whether all seats ended, and at least one names no result although one was wanted."""
        return self.agreed and self.facts.wanted and "null" in self.counted

    @property
    def wrong(self) -> bool:
        """Whether all seats ended and named a result, and at least one of these is not the right one."""
        if not self.agreed or self.facts.right is None or self.open_result:
            return False
        return not all(is_right(end, self.facts.right) for end in self.counted)


@dataclass(slots=True)
class _Seat:
    """The content of one seat's calls."""

    answers: str = ""
    used: str = ""
    cut: bool = False
    """Whether an answer is shown in part only."""
    args_cut: bool = False

    def holds(self, value: str) -> bool:
        """Return whether an answer contains an evidence value; of a cut answer, its beginning or its end."""
        if value in self.answers:
            return True
        return self.cut and (value[:EDGE] in self.answers or value[-EDGE:] in self.answers)


def is_right(declared: str, right: Json) -> bool:
    """Return whether a declared result (JSON, perhaps cut) is the right one. The kind follows from the right one. Lists
    are compared in any order."""
    try:
        return bool(normal(_kind(right), json.loads(declared), ()) == normal(_kind(right), right, ()))
    except (ValueError, Unreadable):
        return False


def _kind(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _kind(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return "set"
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else "text"


def gather(system: str, text: str) -> Evidence:
    """Return the counts of a prompt. Errors: ValueError or KeyError for a prompt of another form."""
    nonce = NONCE.search(system)
    if nonce is None:
        raise UnreadablePrompt("there is no nonce in it")
    lines = block(text, nonce[1], "transcript")
    low = "\n".join(lines).lower()
    evidence = Evidence(_facts(text, nonce[1], low), names=names_of(text, nonce[1]))
    seats = _read_ledger(evidence, block(text, nonce[1], "tool ledger"))
    turns = _Turns(evidence, [name for name in _forbidden(without_nonce(system)) if name in low], seats)
    for entry in json.loads(f"[{','.join(lines)}]"):
        turns.read(entry)
    turns.close()
    return evidence


@lru_cache(maxsize=64)
def _forbidden(system: str) -> tuple[str, ...]:
    """The textbook names that the rubric lists, in lower case."""
    start = system.find(_FORBIDDEN)
    if start < 0:
        return ()
    start += len(_FORBIDDEN)
    return tuple(name.strip().lower() for name in system[start : system.find(")", start)].split(","))


def _facts(text: str, nonce: str, low: str) -> Facts:
    """Read the member `instance` of the challenge, which is on its own line.

    `low`: the transcript, JSON in lower case. Secrets that do not occur in it (most of them) are left out.
    """
    start, end = section(text, nonce, "challenge")
    head = '\n"instance": '
    place = text.find(head, start, end)
    if place < 0:
        return Facts()
    instance = _decoder.raw_decode(text, place + len(head))[0]
    if "right_result" not in instance:
        return Facts()
    right = None if instance["right_result"] == AGREEMENT else instance["right_result"]
    values, kept = instance["values"], instance.get("secret", {})
    secrets: dict[str, dict[str, frozenset[str]]] = {}
    for role, names in kept.items():
        for name in names:
            said = [atom for atom in _atoms(values[role][name]) if atom in low or not atom.isascii()]
            if said:
                secrets.setdefault(role, {})[name] = frozenset(said)
    until = {name: frozenset(roles) for name, roles in instance.get("until", {}).items()}
    if secrets:
        shown: set[str] = set()
        for role, own in values.items():
            shown.update(
                atom for name, value in own.items() if name not in kept.get(role, ()) for atom in _atoms(value)
            )
        result = shown | set(_atoms(right))  # before the event of a value, the right result is not public either
        secrets = {
            role: {name: atoms - (shown if name in until else result) for name, atoms in own.items()}
            for role, own in secrets.items()
        }
    plain = text.find('\n"open_talk": ', start, end) >= 0
    return Facts(right, True, secrets, until, values, plain, instance.get("cheated"))


AGREEMENT = "whatever all roles agree on"
"""The text instead of a right result if agreement alone decides."""


def _atoms(value: Json) -> Iterator[str]:
    """Yield the texts and numbers of a value that are long enough to be found, in lower case."""
    if isinstance(value, list):
        for inner in value:
            yield from _atoms(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _atoms(inner)
    elif isinstance(value, str) and len(value) >= LEAST_SECRET_CHARS:
        yield value.lower()
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LEAST_SECRET_NUMBER:
        yield str(value)


def _read_ledger(evidence: Evidence, lines: Sequence[str]) -> dict[str, _Seat]:
    """Count the calls; return seat -> the content of its successful calls."""
    parts: dict[str, list[str]] = {}
    seats: dict[str, _Seat] = {}
    repeats = Repeats()
    for line in lines:
        entry = json.loads(line)
        name = entry["from"]
        if "op" not in entry:
            evidence.malformed += entry["kind"] == "malformed"
            continue
        evidence.calls += 1
        evidence.callers.add(name)
        args, answer = (_as_text(entry[part], "cut" in entry, repeats) for part in ("args", "answer"))
        if not entry.get("ok", True):
            evidence.failed += 1
            continue
        evidence.note("call", name, entry["turn"])
        if any(word in entry["op"] for word in ("random", "keygen", "commit", "seal")):
            evidence.note("drawn", name, entry["turn"])
        seat = seats.setdefault(name, _Seat())
        parts.setdefault(name, []).append(args)
        parts.setdefault(f"{name}\n", []).append(answer)  # no role id contains a line break
        if "cut" in entry:
            seat.cut |= _CUT in answer
            seat.args_cut |= _CUT in args
        op = entry["op"]
        if any(mark in op for mark in CHECK_MARKS):
            evidence.checks += 1
            evidence.checkers.add(name)
            evidence.note("check", name, entry["turn"])
            evidence.bad_checks += evidence.facts.cheated is None and _NO.search(answer) is not None
    for name, seat in seats.items():
        seat.answers = "\n".join(parts[f"{name}\n"])
        seat.used = "\n".join(parts[name]) + "\n" + seat.answers
    return seats


def _as_text(value: Json, cut: bool, repeats: Repeats) -> str:
    """Return arguments or an answer as text, in full if they were shortened. `cut`: whether one in the line was cut and
    is therefore text already."""
    if cut and isinstance(value, str) and _CUT in value:
        return value
    whole = repeats.restored(value)
    return whole if isinstance(whole, str) else json.dumps(whole, separators=(",", ":"))


class _Turns:
    """Reads the public turns one after the other."""

    def __init__(self, evidence: Evidence, names: list[str], seats: Mapping[str, _Seat]) -> None:
        self.evidence, self.names, self.seats = evidence, names, seats
        self.heard: dict[str, tuple[str, str]] = {}
        """Evidence value -> its first speaker, and its description."""
        self.shown_by: set[str] = set()
        self.turn = 0

    def read(self, entry: Mapping[str, Json]) -> None:
        """Count one public turn."""
        evidence, text, seat = self.evidence, entry["text"], entry["from"]
        evidence.turns += 1
        self.turn = entry["turn"]
        evidence.said.append((self.turn, text))
        evidence.speakers.add(seat)
        evidence.questions += "?" in text
        if self.names:
            low = text.lower()
            evidence.named += [name for name in self.names if name in low]
        if "done" in entry:
            done = entry["done"]
            cut = isinstance(done, str) and "cut" in entry and _CUT in done
            evidence.ends[seat] = done if cut else json.dumps(done, separators=(",", ":"))
            evidence.note("end", seat, self.turn)
        else:
            evidence.ends.pop(seat, None)
        if seat in evidence.facts.secrets and "only_to" not in entry:
            self._look_for_secrets(seat, text.lower())
        if digit_or_hex(text):
            for match in EVIDENCE_VALUE.finditer(text):
                self._evidence_value(seat, match[0], text[max(0, match.start() - BEFORE_CHARS) : match.start()])

    def _look_for_secrets(self, seat: str, low: str) -> None:
        facts = self.evidence.facts
        for name, atoms in facts.secrets[seat].items():
            if name in facts.until and facts.until[name] <= self.shown_by:
                continue
            if any(atom in low and re.search(rf"(?<!\w){re.escape(atom)}(?!\w)", low) for atom in atoms):
                self.evidence.leaked.append(name)
                self.evidence.note("leaked", seat, self.turn)

    def _evidence_value(self, seat: str, value: str, before: str) -> None:
        evidence = self.evidence
        own = self.seats.get(seat)
        first, label = self.heard.setdefault(value, (seat, before[-LABEL_CHARS:]))
        if first == seat:
            self.shown_by.add(seat)
        if own is not None and own.holds(value):
            evidence.real += 1
            evidence.note("value", seat, self.turn)
        elif first != seat:
            evidence.copied += 1
            same = label == before[-LABEL_CHARS:]
            replays = same and _OWN.search(before) and not _OTHERS.search(before)
            evidence.replayed += bool(replays and seat != evidence.facts.cheated)
        elif self._given(seat, value):
            evidence.copied += 1
        elif own is not None and own.cut:
            evidence.unseen += 1
        elif seat != evidence.facts.cheated:
            evidence.asserted += 1
            evidence.note("asserted", seat, self.turn)

    def _given(self, seat: str, value: str) -> bool:
        """Return whether an evidence value is one of the seat's own values, or part of one that another seat showed."""
        if value in json.dumps(self.evidence.facts.values.get(seat)):
            return True
        return any(value in heard for heard, (speaker, _) in self.heard.items() if speaker != seat)

    def close(self) -> None:
        """Count values that no other seat used; computing another seat's value counts as checking it."""
        evidence = self.evidence
        for value, (speaker, _) in self.heard.items():
            taken = False
            for name, seat in self.seats.items():
                if name == speaker:
                    continue
                if value in seat.answers:
                    evidence.checkers.add(name)
                taken = taken or seat.args_cut or value in seat.used
            evidence.loose += not taken
