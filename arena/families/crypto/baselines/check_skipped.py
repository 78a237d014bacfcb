"""The reference play in which one seat leaves out one kind of check: another seat and kind in every match."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.challenges.instance import drawn_case
from arena.families.crypto.checks.obligations import applying
from arena.families.crypto.checks.op_kinds import OP_USES
from arena.families.crypto.checks.play_checks import CASE_MARK, is_check
from arena.families.crypto.checks.verifications import SUBJECTS
from arena.families.crypto.script_values import PLACEHOLDER


def play(case: Case) -> Turns | None:
    """Return the reference's turns without the calls of one op by one seat; None if nobody checks anything.

    A check is a call that uses another seat's value (op_kinds.py), not an own one. Only if the play has no such call
    does a comparison count as the check; everything computed for it is then omitted as well. In a negative case, the
    check that decides it is left out, because the play reaches no other one. A seat that is absent in this case leaves
    nothing out.
    """
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    made = {
        (role, _op(call)): None
        for role in turns
        for message in turns[role]
        for call in _calls(message)
        if not _of_its_own(call, _call_names(turns[role]), message.get("let", {})) and not _depends(call, message)
    }
    drawn = drawn_case(case.challenge["instance"], case.values)
    if drawn is not None and drawn.negative and (deciding := _deciding(turns, drawn.label)):
        made = dict.fromkeys(deciding)
    else:
        made = {one: None for one in made if one[0] not in _away(case)}
    places = [one for one in made if one[1] in OP_USES] or [one for one in made if is_check(one[1])]
    if not places:
        return None
    role, op = places[case.rep % len(places)]
    compared = _named([call for message in turns[role] for call in _calls(message) if _op(call) == op])
    _drop(turns[role], lambda call: _op(call) == op)
    if op not in OP_USES:
        _drop(turns[role], lambda call: call.get("call", call).get("as") in compared)
    return turns


def _away(case: Case) -> set[str]:
    """Return the roles that take no part in this case: obligations of other cases name them, and none of
    this one does."""
    here, elsewhere = set[str](), set[str]()
    due = [obligation["id"] for obligation in applying(case.challenge, case.values)]
    for obligation in case.challenge.get("obligations", ()):
        named = here if obligation["id"] in due else elsewhere
        named.update(obligation["of"], obligation.get("by", ()))
    return elsewhere - here


def _deciding(turns: Turns, label: str) -> list[tuple[str, str]]:
    """Return role and op of the checks by which a play finds a negative case.

    They are the checks named after it (`case_forged`), or else all checks that tell cases apart.
    """
    marked = [
        (str(call.get("call", call).get("as", "")), (role, _op(call)))
        for role in turns for message in turns[role] for call in _calls(message)
    ]  # fmt: skip
    named = [place for name, place in marked if name == f"{CASE_MARK}{label}"]
    return named or [place for name, place in marked if name.startswith(CASE_MARK)]


def _drop(messages: list[Any], left_out: Callable[[Any], bool]) -> None:
    for message in list(messages):
        if isinstance(message, dict) and "choose" in message:
            continue  # all of these are public turns
        if _calls(message):
            message["calls"] = [call for call in message["calls"] if not left_out(call)]
            if not message["calls"]:
                messages.remove(message)


def _of_its_own(call: Any, names: set[str], defined: Mapping[str, Any]) -> bool:
    """Return whether a call checks a value that its own seat made: it quotes only own values and own results.

    `names`: of the seat's calls. `defined`: the names that the call's message defines, with their expressions.
    """
    args = call.get("call", call).get("args", {})
    subjects = [value for name, value in args.items() if name in SUBJECTS] or list(args.values())
    quoted = _quoted(subjects)
    if all(path.startswith("my.") for path in quoted):
        quoted = _quoted(args)  # a given value is not its own: the value that it is compared with decides
    if "for" in call or not quoted:
        return False
    for path in sorted(quoted):
        if (name := re.split(r"[.|]", path)[0]) in defined:
            quoted = quoted - {path} | _quoted(defined[name])
    return all(path.startswith(("my.", "said.")) or re.split(r"[.|]", path)[0] in names for path in quoted)


def _depends(call: Any, message: Mapping[str, Any]) -> bool:
    """Return whether a call is made only under a condition: its loop goes over a list that an `if` of its message
    gives."""
    listed = message.get("let", {}).get(str(call.get("for", "")).rpartition(" in ")[2])
    return isinstance(listed, dict) and "if" in listed


def _quoted(found: Any) -> set[str]:
    return {path.strip() for path in PLACEHOLDER.findall(json.dumps(found))}


def _call_names(messages: list[Any]) -> set[str]:
    return {call.get("call", call).get("as") for message in messages for call in _calls(message)}


def _named(messages: list[Any]) -> set[str]:
    """Return the names with which placeholders begin."""
    return {re.split(r"[.|]", path.strip())[0] for path in PLACEHOLDER.findall(json.dumps(messages))}


def _op(call: Any) -> str:
    return str(call.get("call", call)["op"])


def _calls(message: Any) -> list[Any]:
    return message.get("calls", []) if isinstance(message, dict) else []
