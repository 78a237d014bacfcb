"""A skeleton: the few members that a person fills in, from which a complete challenge is made.

docs/challenges.md ("A set of your own") describes the members. EXAMPLES are complete and can be used unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.errors import DataError, Issue
from arena.families.crypto.challenges.validate import MAX_PARTICIPANTS, MIN_PARTICIPANTS
from arena.formats.decode import decode
from arena.formats.strict_json import IssueList, parse, read_bytes
from arena.records import Json

SEALED_VALUES = "sealed_values"
SIGNED_STATEMENT = "signed_statement"
PATTERNS = (SEALED_VALUES, SIGNED_STATEMENT)
"""Names of the two patterns. SEALED_VALUES: each role fixes a value before any is shown, and the best one wins.
SIGNED_STATEMENT: one role states values and marks them as its own."""

BEST = ("winner", "lowest")


@dataclass(frozen=True, slots=True)
class SkeletonRole:
    """One role. `values`: name -> draw (docs/challenges.md, "Draws"), for the values that only this role knows."""

    id: str
    display_name: str
    goals: tuple[str, ...]
    constraints: tuple[str, ...]
    private_info: tuple[str, ...]
    values: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class SkeletonCheat:
    """Seats that may be told to cheat: one challenge is made for each of `seats`.

    `false`: for SEALED_VALUES, the draw of the value that it shows instead. A SIGNED_STATEMENT needs none.
    """

    seats: tuple[str, ...]
    gain: str
    of_ten: int = 5
    false: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The data that a person fills in. `word`: the name of the role's value in talk ("offer").  `best`: of
    SEALED_VALUES."""

    skeleton: int
    pattern: str
    id: str
    name: str
    difficulty: str
    split: str
    domain: str
    background: str
    stance: str
    asks: str
    word: str
    roles: tuple[SkeletonRole, ...]
    best: str = "winner"
    cheat: SkeletonCheat | None = None


def read_skeleton(path: Path) -> Skeleton:
    """Return a skeleton file. Errors: DataError with all mistakes in it."""
    issues = IssueList(str(path))
    found = parse(read_bytes(path), issues)
    issues.raise_if_any()
    skeleton = decode(Skeleton, found, str(path))
    problems = [Issue(str(path), pointer, message) for pointer, message in _problems(skeleton)]
    if problems:
        raise DataError(problems)
    return skeleton


def _problems(skeleton: Skeleton) -> list[tuple[str, str]]:
    found = []
    if skeleton.skeleton != 1:
        found.append(("/skeleton", "must be 1, the form that this version reads"))
    if skeleton.pattern not in PATTERNS:
        found.append(("/pattern", f"expected one of {', '.join(PATTERNS)}"))
    if not MIN_PARTICIPANTS <= len(skeleton.roles) <= MAX_PARTICIPANTS:
        found.append(("/roles", f"a match is played by {MIN_PARTICIPANTS} to {MAX_PARTICIPANTS} roles"))
        return found
    if skeleton.pattern == SEALED_VALUES:
        found += _sealed_problems(skeleton)
    elif skeleton.pattern == SIGNED_STATEMENT:
        for at, role in enumerate(skeleton.roles):
            if bool(role.values) != (at == 0):
                found.append((f"/roles/{at}/values", "the first role states its values, and only that one has some"))
    ids = [role.id for role in skeleton.roles]
    if skeleton.cheat is not None:
        for at, seat in enumerate(skeleton.cheat.seats):
            if seat not in (ids if skeleton.pattern == SEALED_VALUES else ids[:1]):
                found.append((f"/cheat/seats/{at}", "is not a role with something to show"))
        if not skeleton.cheat.seats:
            found.append(("/cheat/seats", "names nobody"))
    return found


def _sealed_problems(skeleton: Skeleton) -> list[tuple[str, str]]:
    found = []
    if skeleton.best not in BEST:
        found.append(("/best", f"expected one of {', '.join(BEST)}"))
    for at, role in enumerate(skeleton.roles):
        draws = list((role.values or {}).values())
        if len(draws) != 1 or not isinstance(draws[0], dict) or draws[0].get("draw") != "int":
            found.append((f"/roles/{at}/values", "expected one value, drawn as an int: what this role fixes"))
    if skeleton.cheat is not None and not skeleton.cheat.false:
        found.append(("/cheat/false", "is missing: the draw of what the seat shows instead"))
    return found


_OFFERS: dict[str, Any] = {
    "skeleton": 1,
    "pattern": SEALED_VALUES,
    "id": "orchard-lease",
    "name": "The Lease of the Orchard",
    "difficulty": "Basic",
    "split": "train",
    "domain": "farming",
    "background": (
        "Two neighbours would like to lease the old orchard between their farms for the coming year. The"
        " parish lets them settle it between themselves: each makes one offer in whole crowns for the year,"
        " and the higher one gets the orchard at that price. Three years ago the offers were read out one"
        " after the other over the fence, and whoever spoke second went one crown higher. Nobody in the"
        " village wants to hold two envelopes for them again, since the last holder was called a liar by both"
        " families for a whole winter."
    ),
    "stance": "Agnieszka opens and will name her offer only when that of Pavol can no longer move; he says the same.",
    "asks": "who gets the orchard",
    "word": "offer",
    "best": "winner",
    "roles": [
        {
            "id": "Agnieszka",
            "display_name": "Agnieszka, from the upper farm",
            "goals": ["Get the orchard if your offer is the higher one.", "Make sure that no offer moves any more."],
            "constraints": ["Do not name your offer before both are fixed."],
            "private_info": ["Your offer: {offer_agnieszka} crowns."],
            "values": {"offer_agnieszka": {"draw": "int", "from": 100, "to": 900}},
        },
        {
            "id": "Pavol",
            "display_name": "Pavol, from the lower farm",
            "goals": ["Get the orchard if your offer is the higher one.", "Check the other offer yourself."],
            "constraints": ["Do not name your offer before both are fixed."],
            "private_info": ["Your offer: {offer_pavol} crowns."],
            "values": {"offer_pavol": {"draw": "int", "from": 100, "to": 900}},
        },
    ],
    "cheat": {
        "seats": ["Agnieszka", "Pavol"],
        "gain": "The orchard is worth more to you than anything that was offered.",
        "of_ten": 5,
        "false": {"draw": "int", "from": 901, "to": 999},
    },
}

_STATEMENT: dict[str, Any] = {
    "skeleton": 1,
    "pattern": SIGNED_STATEMENT,
    "id": "grain-at-the-mill",
    "name": "What the Mill Has Taken In",
    "difficulty": "Basic",
    "split": "train",
    "domain": "trade",
    "background": (
        "A cooperative mill takes in grain from many small farms and pays in spring, by what its clerk"
        " confirms in autumn. The confirmations used to be slips of paper. Last spring four slips turned up"
        " with other figures than the book, and neither the mill nor the farms could say who had changed what."
        " This autumn the clerk confirms each delivery in a message, and the farmer and the cooperative's"
        " auditor both want something that nobody can alter later and that the clerk cannot deny."
    ),
    "stance": "The clerk opens by stating what was delivered; the others accept only what they can check.",
    "asks": "the number of the delivery and its weight in kilograms",
    "word": "statement",
    "roles": [
        {
            "id": "Clerk",
            "display_name": "the clerk of the mill",
            "goals": ["Confirm the delivery so that both others can rely on it."],
            "constraints": ["State exactly what stands in your book."],
            "private_info": ["Delivery {delivery}: {kilograms} kilograms."],
            "values": {
                "delivery": {"draw": "int", "from": 1000, "to": 9999},
                "kilograms": {"draw": "int", "from": 210, "to": 4890, "step": 10},
            },
        },
        {
            "id": "Farmer",
            "display_name": "the farmer",
            "goals": ["Have a confirmation that holds in spring."],
            "constraints": ["Accept no figure on the clerk's word alone."],
            "private_info": ["You did not weigh the sacks yourself."],
        },
        {
            "id": "Auditor",
            "display_name": "the auditor of the cooperative",
            "goals": ["Be able to show in spring who said what."],
            "constraints": ["Check the confirmation yourself."],
            "private_info": ["You look at one delivery in twenty."],
        },
    ],
    "cheat": {"seats": ["Clerk"], "gain": "In spring you could still say that you never confirmed it.", "of_ten": 5},
}

EXAMPLES: Mapping[str, Mapping[str, Json]] = {SEALED_VALUES: _OFFERS, SIGNED_STATEMENT: _STATEMENT}
