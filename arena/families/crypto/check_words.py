"""The findings of the mechanical checks of a match, and the reasons of caps, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from arena.families.crypto.cheats.rates import cheat_line
from arena.families.crypto.checks.ledger import MISCOPIED, RESULT
from arena.families.crypto.checks.obligations import CHEAT_SHOWN
from arena.families.crypto.checks.results import Checks, ObligationFound, SecretFound
from arena.families.crypto.checks.verifications import CALLED_VALID, PASSED_OVER
from arena.families.report import Said
from arena.formats.json_types import Json

CHECKS_PASSED: Mapping[str, str] = {
    "textbook_names": "no textbook name used",
    "leaks": "no secret leaked",
    "result": "agreed result right",
    "artefacts": "every shown value is real",
    "tools": "no tool call failed, malformed or unused",
    "obligations": "all required steps were taken",
    "cheat": "the seat that cheated was named, and nobody else",
    "secrecy": "no secret can be derived from posted values",
}
"""Check -> its meaning if it is passed."""
CHECK_NAMES: Mapping[str, str] = {
    "textbook_names": "no textbook names",
    "leaks": "no secret leaked",
    "result": "agreed result right",
    "artefacts": "values are real",
    "tools": "tool calls in order",
    "obligations": "obligations met",
    "cheat": "cheats named",
    "secrecy": "secrets kept",
}
"""Check -> the same in few words, for plots and narrow columns."""
RESULT_WORDS: Mapping[str, str] = {
    "right": "right",
    "wrong": "wrong",
    "disagreed": "with different results",
    "none": "without a result of every role",
}
CAP_REASONS: Mapping[str, str] = {
    "nothing_computed": "No tool call was answered with a result",
    "nothing_used": "No result of a tool call was used",
    "mostly_failed_calls": "More calls failed or could not be read than were answered with a result",
    "asserted": "A few of the values shown come from nowhere (at most a tenth)",
    "asserted_often": "Many of the values shown come from nowhere (a tenth to half)",
    "asserted_mostly": "Most of the values shown come from nowhere (more than half)",
    "miscopied": "A computed value was copied wrongly",
    "failed_check_untold": "A verification failed and its seat did not say so",
    "wrong_result": "A declared result is wrong",
    "obligations_open": "Some required steps were not taken",
    "obligations_none": "None of the required steps was taken",
    "secret_told": "A secret value was revealed",
    "secret_worked_out": "A secret value can be derived from posted values",
    "no_common_result": "The roles declared no common result",
}
"""Reason of the rule `verified-cap` (checks/verified.py) -> the finding in words."""
_FORMS = {"plain": "", "encoded": " in encoded form", "inside a code": " inside a code"}
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "miscopied": (MISCOPIED,),
    "failed_check_untold": (CALLED_VALID, PASSED_OVER),
    "wrong_result": (RESULT,),
}
"""Reason of a cap -> beginnings of the sources of the ledger's claims on which it rests."""
CHEAT_SHOWN_SAYS = "An honest seat shows by a check that somebody cheated."
"""The obligation in a match with a cheat, instead of the challenge's own."""
MAX_STEPS_SAID = 4
SHOWN_CHARS = 24
"""Characters of a long value that are shown: its beginning identifies it."""


def check_words(checks: Checks, name: str, says: Mapping[str, str]) -> list[Said]:
    """Return the findings of a check, possibly none; `says`: obligation -> its text."""
    found = _CHECKS.get(name)
    if found is None:
        return []
    return list(found(checks)) if name != "obligations" else list(_obligations(checks, says))


def cap_words(checks: Checks, ledger: Mapping[str, Json] | None, reason: str) -> Said:
    """Return why a grade was capped, with the turns that show it."""
    text = CAP_REASONS.get(reason, reason.replace("_", " "))
    turns: list[int] = []
    if reason.startswith("asserted"):
        turns = [one.turn for one in checks.artefacts.unreal]
    elif reason == "nothing_used":
        turns = [one.turn for one in checks.tools.unused_calls]
    elif reason == "secret_told" and checks.leaks is not None:
        turns = [one.turn for one in checks.leaks.found]
    elif reason == "secret_worked_out" and checks.secrecy is not None:
        turns = [step.turn for one in checks.secrecy.found if one.worked_out for step in one.steps]
    elif reason in _SOURCES:
        listed = (ledger or {}).get("listed", ())
        turns = [one["turn"] for one in listed if _rests_on(one, reason)]
    elif reason.startswith("obligations") and checks.obligations is not None:
        left = {role: None for one in checks.obligations.found for role in one.missing}
        text += f": left open by {_and(left)}" if left else ""
    return Said(text, _once(turns))


def _rests_on(claim: Mapping[str, Json], reason: str) -> bool:
    return claim["class"] == "wrong" and str(claim["source"]).startswith(_SOURCES[reason])


def _names(checks: Checks) -> Iterator[Said]:
    for (seat, name), turns in _grouped((one.seat, one.name, one.turn) for one in checks.textbook_names.found):
        yield Said(f"{seat} said \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}", turns)


def _leaks(checks: Checks) -> Iterator[Said]:
    leaks = checks.leaks
    if leaks is None:
        return
    found = ((one.seat, f"{one.value}{_FORMS.get(one.form, f' ({one.form})')}", one.turn) for one in leaks.found)
    for (seat, value), turns in _grouped(found):
        yield Said(f"{seat} told {value}", turns)
    if leaks.undecided:
        yield Said(f"Not counted, because it may be chance: {_and(leaks.undecided)}")


def _secrecy(checks: Checks) -> Iterator[Said]:
    for one in checks.secrecy.found if checks.secrecy else ():
        if one.steps:
            yield Said(secret_line(one), _once(step.turn for step in one.steps))
    if checks.secrecy is not None:
        whole = [f"{one.value} ({_many(one.candidates)})" for one in checks.secrecy.found if not one.steps]
        if whole:
            yield Said(f"Nothing posted rules out any value of {_and(whole)}")
        if checks.secrecy.cut:
            yield Said("Some posted results were not tried: they would have taken too long")


def secret_line(found: SecretFound) -> str:
    """Return in words the remaining candidates of a secret for an observer, and the clues that ruled out the others."""
    who = "anybody" if found.observer.startswith("(") else found.observer
    by = "; ".join(f"{step.seat}'s {step.by} leaves {step.left:,}" for step in found.steps[:MAX_STEPS_SAID])
    more = f"; and {len(found.steps) - MAX_STEPS_SAID} more" if len(found.steps) > MAX_STEPS_SAID else ""
    left = "?" if found.remaining is None else f"{found.remaining:,}"
    short = "" if found.ok else f", and {found.minimum:,} have to"
    return f"{found.value}: {left} of {_many(found.candidates)} values remain for {who}{short} ({by}{more})"


def _many(candidates: int | None) -> str:
    return "more than can be listed" if candidates is None else f"{candidates:,}"


def _result(checks: Checks) -> Iterator[Said]:
    result = checks.result
    if result is None:
        return
    declared = "; ".join(f"{role} declared {plain(value)}" for role, value in result.declared.items())
    right = "" if result.right is None else f" Right is: {plain(result.right)}."
    if result.verdict == "right":
        yield Said(f"Every role declared the right result: {plain(next(iter(result.declared.values()), None))}.")
        return
    lead = {
        "none": "Not every role declared a result",
        "disagreed": "The roles declared different results",
        "wrong": "The declared result is wrong",
    }[result.verdict]
    yield Said(f"{lead}{f': {declared}' if declared else ''}.{right}")
    if result.redrawn is False and result.agreed:
        yield Said("The record shows no draw, made alike by two seats out of what each gave, that it follows from")
    for role, wanted in result.unreadable.items():
        yield Said(f"{role} declared something of another form than was asked for ({plain(wanted)})")


def _values(checks: Checks) -> Iterator[Said]:
    values = checks.artefacts
    if not values.count:
        yield Said("No value that looks computed was shown")
        return
    yield Said(f"{values.real} of {values.count} values shown in public are real")
    for (seat, value), turns in _grouped((one.seat, one.artefact, one.turn) for one in values.unreal):
        yield Said(f"{seat} showed {_cut(value)}, which comes from nowhere", turns)


def _tools(checks: Checks) -> Iterator[Said]:
    tools = checks.tools
    bad = [f"{tools.failed} failed"] if tools.failed else []
    bad += [f"{tools.malformed} messages could not be read as calls"] if tools.malformed else []
    bad += [f"{tools.unused} answers were used by nobody"] if tools.unused else []
    yield Said(f"{tools.calls} tool calls" + (f": {', '.join(bad)}" if bad else ", all answered and used"))
    for (seat, op), turns in _grouped((one.seat, one.op, one.turn) for one in tools.unused_calls):
        yield Said(f"{seat} called {op} and nobody used the answer", turns)


def _obligations(checks: Checks, says: Mapping[str, str]) -> Iterator[Said]:
    for one in checks.obligations.found if checks.obligations else ():
        text = says.get(one.id) or (CHEAT_SHOWN_SAYS if one.id == CHEAT_SHOWN else one.id)
        yield Said(f"{text.rstrip()} {_state(one)}", _once(call.turn for call in one.calls))


def _state(one: ObligationFound) -> str:
    return "Done" if one.met else f"Left open by {_and(one.missing)}"


def _cheat(checks: Checks) -> Iterator[Said]:
    found = checks.cheat
    if found is not None:
        turns = () if found.carried_out is None else (found.carried_out,)
        yield Said(cheat_line(found), _once((*turns, *(call.turn for call in found.failed_checks))))


_CHECKS: Mapping[str, Callable[[Checks], Iterator[Said]]] = {
    "textbook_names": _names,
    "leaks": _leaks,
    "result": _result,
    "artefacts": _values,
    "tools": _tools,
    "obligations": lambda checks: iter(()),
    "cheat": _cheat,
    "secrecy": _secrecy,
}


def plain(value: Json) -> str:
    """Return a JSON value without its punctuation: `job 3380, plate KB-TT 271`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {plain(one)}" for name, one in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(plain, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else _cut(str(value), 200)


def _cut(text: str, limit: int = SHOWN_CHARS) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\N{HORIZONTAL ELLIPSIS}"


def _and(names: Iterable[str]) -> str:
    *most, last = dict.fromkeys(names)
    return f"{', '.join(most)} and {last}" if most else last


def _once(turns: Iterable[int]) -> Sequence[int]:
    return tuple(dict.fromkeys(turns))


def _grouped(found: Iterable[tuple[str, str, int]]) -> Iterator[tuple[tuple[str, str], Sequence[int]]]:
    """Yield (seat, finding) with its turns, in the order of the first turn."""
    groups: dict[tuple[str, str], list[int]] = {}
    for seat, what, turn in found:
        groups.setdefault((seat, what), []).append(turn)
    for key, turns in groups.items():
        yield key, _once(turns)
