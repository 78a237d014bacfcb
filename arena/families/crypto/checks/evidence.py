"""Checks the source of codes and big numbers in public turns, and the use of tool results. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from arena.families.crypto.checks.code_hints import digit_or_hex
from arena.families.crypto.checks.codes import leaves, spaced_json
from arena.families.crypto.checks.results import EvidenceValuesCheck, ToolsCheck, UnrealValue, UnusedCall
from arena.families.crypto.story_time import is_not_done_yet
from arena.records import Entry, Json

EVIDENCE_VALUE = re.compile(
    r"(?<![A-Za-z0-9+/_])(?:(?:0x)?([0-9a-fA-F]{16,})|([0-9]{13,})|((?=[A-Za-z+/_-]{0,120}[0-9])[A-Za-z0-9+/_-]{24,})={0,2})"
    r"(?![A-Za-z0-9+/_])"
)
"""What looks computed: 16 hex digits or more, an integer of 13 digits or more, 24 base64 signs or more with a
digit among the first 121 (of random ones, one text in 10^8 has none there; a longer look would take the square of a
text of dashes)."""


MAX_LISTED = 20
MAX_SHOWN_CHARS = 64
MIN_QUOTABLE_CHARS = 6
"""A leaf of a result that is shorter (`true`, 12) may be used without being quoted."""

MIN_PART_CHARS = 12
"""This many first characters of a long result count as quoting it."""


@lru_cache(maxsize=256)
def evidence_values(text: str) -> tuple[str, ...]:
    """Return the evidence values of a text in lower case, in order; base64 keeps its case."""
    return tuple([match[1] or match[2] or match[3] for match in EVIDENCE_VALUE.finditer(text)])


def holds_evidence_value(text: str) -> bool:
    """Return whether a text contains an evidence value."""
    return digit_or_hex(text) and EVIDENCE_VALUE.search(text) is not None


class _Sources:
    """What a seat has at hand at a point of the match."""

    def __init__(self, own: str) -> None:
        self.texts = [own]
        self.lower = own.lower()

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.lower += "\n" + text.lower()

    def hold(self, value: str) -> bool:
        if re.fullmatch("[0-9a-fA-F]+", value):
            return value.lower() in self.lower
        return any(value in text for text in self.texts)


def check_evidence_values(
    entries: Sequence[Entry], own: Callable[[], Mapping[str, str]], public: Mapping[int, str]
) -> EvidenceValuesCheck:
    """Return the number of evidence values in public turns, the number of real ones, their share, and the unreal ones.

    An evidence value is real when the seat's own successful calls (arguments or results) or own values contain it, or
    when another seat said it before. `own`: gives seat -> text of its values and its instructions.  `public`: place
    among the entries -> whole text of a public turn.  `share` is None if there are no evidence values.
    """
    if not holds_evidence_value("\n".join(public.values())):  # most talk: spare the work below
        return EvidenceValuesCheck(True, 0, 0, None, ())
    sources = {seat: _Sources(text) for seat, text in own().items()}
    count = real = 0
    unreal: list[UnrealValue] = []
    for place, entry in enumerate(entries):
        seat = entry.seat
        if entry.answered.get("ok") is True:
            sources[seat].add(spaced_json([entry.args, entry.answered["result"]]))
        text = public.get(place)
        if text is None:
            continue
        for value in evidence_values(text):
            count += 1
            if sources[seat].hold(value):
                real += 1
            else:
                unreal.append(UnrealValue(entry.turn, seat, value[:MAX_SHOWN_CHARS]))
        for other, held in sources.items():
            if other != seat:
                held.add(text)
    share = round(real / count, 4) if count else None
    return EvidenceValuesCheck(real == count, count, real, share, tuple(unreal[:MAX_LISTED]))


def quotable(value: Json) -> Iterator[str]:
    """Yield the texts and numbers of a result that can be quoted."""
    return (text for text in leaves(value) if len(text) >= MIN_QUOTABLE_CHARS)


def check_tools(entries: Sequence[Entry], public: Mapping[int, str]) -> ToolsCheck:
    """Return `ok` (none failed, none malformed), counts of calls: all, failed, malformed, unused; and the unused ones.

    Unused calls are counted but have no effect: a number may have been used in a mental sum.
    A call is used when a part of its result occurs in a later call or public turn of the same seat, or was said in
    public before by another seat (it was recomputed and compared). A result without a part that could be quoted, such
    as `true`, counts as used, and so does the answer of a verification: it decides what comes next.
    """
    calls = failed = malformed = 0
    unused: list[UnusedCall] = []
    args: dict[int, str] = {}
    for place, entry in enumerate(entries):
        if entry.kind == "malformed":
            malformed += 1
        if entry.kind != "call":
            continue
        calls += 1
        if entry.answered.get("ok") is not True:
            failed += not is_not_done_yet(entry.answered)
        elif not _used(entries, place, public, args):
            unused.append(UnusedCall(entry.turn, entry.seat, entry.op))
    ok = not (failed or malformed)
    return ToolsCheck(ok, calls, failed, malformed, len(unused), tuple(unused[:MAX_LISTED]))


def _used(entries: Sequence[Entry], place: int, public: Mapping[int, str], args: dict[int, str]) -> bool:
    """Return whether a call was used. `args`: place -> arguments as JSON, filled in when they are first needed."""
    seat = entries[place].seat
    result = entries[place].answered["result"]
    parts = {part[:MIN_PART_CHARS] for part in quotable(result)}
    if not parts or (isinstance(result, dict) and "valid" in result):
        return True
    for other, entry in enumerate(entries):
        if entry.seat == seat:
            if other <= place:
                continue
            text = _args_of(entry, other, args) if entry.kind == "call" else public.get(other, "")
        else:
            text = public.get(other, "")
        if text and any(part in text for part in parts):
            return True
    return False


def _args_of(entry: Entry, place: int, args: dict[int, str]) -> str:
    found = args.get(place)
    if found is None:
        found = args[place] = spaced_json(entry.args)
    return found
