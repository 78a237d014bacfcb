"""Check the source of codes and big numbers in public turns, and the use of tool results. Pure."""

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
"""Pattern of evidence values: at least 16 hex digits, an integer of at least 13 digits, or at least 24 base64 signs
with a digit among the first 121. Of random base64 texts, one in 10^8 has no digit there. A longer look would make the
time quadratic for a text of dashes."""


MAX_LISTED = 20
MAX_SHOWN_CHARS = 64
MIN_QUOTABLE_CHARS = 6
"""A shorter leaf of a result (`true`, 12) may be used without being quoted."""

MIN_PART_CHARS = 12
"""This many first characters of a long result count as quoting it."""


@lru_cache(maxsize=256)
def evidence_values(text: str) -> tuple[str, ...]:
    """Return the evidence values of a text in order, in lower case; base64 keeps its case."""
    return tuple([match[1] or match[2] or match[3] for match in EVIDENCE_VALUE.finditer(text)])


def holds_evidence_value(text: str) -> bool:
    """Return whether a text contains an evidence value."""
    return digit_or_hex(text) and EVIDENCE_VALUE.search(text) is not None


class _Sources:
    """The texts that a seat may take values from at a point of the match."""

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
    """Return the number of evidence values in public turns, how many are real, their share, and those that are not
    real.

    An evidence value is real in two cases. The seat's own successful calls (arguments or results) or own values contain
    it, or another seat said it before. `own`: seat -> text of its values and its instructions. `public`: place among
    the entries -> whole text of a public turn. `share` is None if there are no evidence values.
    """
    if not holds_evidence_value("\n".join(public.values())):  # Most talk has none; this saves the work below.
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
    """Yield the texts and numbers of a result that a later text could quote."""
    return (text for text in leaves(value) if len(text) >= MIN_QUOTABLE_CHARS)


def check_tools(entries: Sequence[Entry], public: Mapping[int, str]) -> ToolsCheck:
    """Return `ok` (no call failed, none was malformed), the counts of calls (all, failed, malformed, unused), and the
    unused calls.

    Unused calls are counted and have no other effect, because a number may have been used in a mental sum. A call is
    used if a part of its result occurs in a later call or public turn of the same seat. It is also used if another seat
    said such a part in public before: then the call recomputed it for a comparison. A result without a part that could
    be quoted, such as `true`, counts as used. So does the answer of a verification, because it decides what comes next.
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
