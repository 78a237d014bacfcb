"""The reference play without one of its checks: another one in every match."""

from __future__ import annotations

import json
from typing import Any

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.checks.op_kinds import OP_USES
from arena.families.crypto.checks.play_checks import is_check


def play(case: Case) -> Turns | None:
    """Return the reference's turns with one check left out; None where it makes none.

    A check is a call that takes up what another seat made (op_kinds.py). Only where the play has none of these, it is a
    comparison: to compare is one more look at what was checked already.
    """
    made = [
        (role, at, number, call.get("call", call)["op"])
        for role, messages in case.reference["turns"].items()
        for at, message in enumerate(messages)
        for number, call in enumerate(_calls(message))
    ]
    places = [one for one in made if one[3] in OP_USES] or [one for one in made if is_check(one[3])]
    if not places:
        return None
    role, at, number, _ = places[case.rep % len(places)]
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    del turns[role][at]["calls"][number]
    if not turns[role][at]["calls"]:
        del turns[role][at]
    return turns


def _calls(message: Any) -> list[Any]:
    return message.get("calls", []) if isinstance(message, dict) else []
