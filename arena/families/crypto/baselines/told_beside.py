"""The reference play, in which every seat also reveals its secrets in plain figures."""

from __future__ import annotations

import json
from collections.abc import Callable

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.wording import figures, told
from arena.families.crypto.challenges.instance import secrets_of
from arena.families.crypto.script_messages import is_private, prefixed, text_of
from arena.records import Json


def play(case: Case) -> Turns | None:
    """Return the reference's turns with each role's secrets before its first public text; None if nothing is secret."""
    return beside(case, figures)


def beside(case: Case, word: Callable[[Json], str]) -> Turns | None:
    """Return the reference's turns with each role's secrets, formatted by `word`, before its first text for all."""
    instance = case.challenge["instance"]
    secrets = {role: {name: case.values[name] for name in secrets_of(instance, role)} for role in case.roles}
    if not any(secrets.values()):
        return None
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    for role, values in secrets.items():
        said = [at for at, message in enumerate(turns[role]) if text_of(message) is not None]
        place = next((at for at in said if not is_private(turns[role][at])), said[0] if said else None)
        if values and place is not None:
            turns[role][place] = prefixed(turns[role][place], f"{told(values, word)} ")
    return turns
