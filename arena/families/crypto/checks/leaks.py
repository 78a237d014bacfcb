"""Check: did a role show one of its secret values? Pure.

A value is split into its atoms (the entries of a list, the members of an object). Each atom is looked for in the role's
own public turns: in plain, and encoded (hex, base64, or a decimal number of its UTF-8 text, of its bytes or of its
number). Atoms that are no longer secret do not count: those of the right result, of values known to all, of the role's
other values and of the challenge's public texts. A value with an event (`until`) counts only up to the
turn in which the last of the roles that it names shows its first evidence value of its own.

Texts are compared folded (`fold`), so look-alike digits, marks and invisible characters change nothing. A value may
also be disguised: backwards, sign by sign or, if it is long, with separators. The check finds a lower bound: a player
can always find another way to write a value.

In plain, leaks have to be separated from coincidences. The rules (docs/challenges.md, "Checks"):
- An atom from a list (draws `subset` and `choice`) counts if the turn names only secret entries of the list. A turn
  that also names other entries of the list does not show which ones are secret.
- Any other atom counts if its draw has at least MIN_SPACE possible results. If their number is unknown, the atom counts
  from MIN_NUMBER or from MIN_CHARS characters on. A smaller atom is `undecided` in plain; in encoded form it counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from arena.families.crypto.challenges.draws import KINDS
from arena.families.crypto.challenges.instance import fixed_by, secrets_of
from arena.families.crypto.challenges.same import Same
from arena.families.crypto.checks.atoms import (
    atoms,
    compact,
    decoded_in,
    is_disguised,
    named,
    spaced_out,
    stands_encoded,
)
from arena.families.crypto.checks.disguises import (
    MIN_SUM,
    is_in_parts,
    is_spelled,
    is_sum,
    near_sums,
    spelled,
    told_among_decoys,
)
from arena.families.crypto.checks.evidence import evidence_values
from arena.families.crypto.checks.folding import Reading, Said, fold, folded_together
from arena.families.crypto.checks.public_atoms import PublicAtoms
from arena.families.crypto.checks.results import LeakFound, LeaksCheck
from arena.records import Json

MIN_SPACE = 64.0
"""6 bits. With fewer possible results, a number in a conversation of some dozen numbers equals the secret too often by
chance."""

MIN_NUMBER = 1000
MIN_CHARS = 8

DECOYS = "among decoys"
"""Name of the form in which most of a list is revealed together with false entries."""


class Secret(NamedTuple):
    """One value that a role must keep secret.

    Its atoms, the list they come from (or None), and whether its plain form can be separated from chance.
    """

    name: str
    atoms: tuple[str | int, ...]
    universe: tuple[str | int, ...] | None
    decidable: bool


def _secret(
    name: str, role: str, instance: Mapping[str, Json], values: Mapping[str, Json], shown: PublicAtoms
) -> Secret:
    spec, public = instance["values"][name], shown.of(role, early=fixed_by(instance, name) is not None)
    found = tuple([atom for atom in shown.in_value(name) if atom not in public])
    universe = None
    if spec["draw"] in ("subset", "choice"):
        of = spec["of"]
        universe = tuple([
            atom for atom in (shown.in_value(of) if isinstance(of, str) else _entries(Same(spec))) if atom not in public
        ])  # fmt: skip
    space = _space(Same(spec))
    if space is None:
        decidable = all(atom >= MIN_NUMBER if isinstance(atom, int) else len(atom) >= MIN_CHARS for atom in found)
    else:
        decidable = space >= MIN_SPACE
    return Secret(name, found, universe, decidable or universe is not None)


@lru_cache(maxsize=4096)
def _entries(of: Same) -> tuple[str | int, ...]:
    """Return the atoms of the list that a draw chooses from."""
    return tuple(atoms(of.held["of"]))


@lru_cache(maxsize=4096)
def _space(of: Same) -> float | None:
    """Return the number of possible results of a draw, or of an entry of a drawn list; None if it is unknown."""
    inner = of.held["item"] if of.held["draw"] == "list" else of.held
    return KINDS[inner["draw"]].space(inner)


class _Forms(NamedTuple):
    """A message in the forms in which values are looked for: in lower case, what its codes mean, what is written sign
    by sign, without separators, and what is spelled."""

    lower: str
    decoded: tuple[str, ...]
    pieces: str
    whole: str
    rows: str


def _forms(read: Reading) -> _Forms:
    folded = read.folded
    return _Forms(read.clean.lower(), read.once(decoded_in), spaced_out(folded), compact(folded), spelled(folded))


def _sums(read: Reading) -> frozenset[int]:
    return frozenset(near_sums(read.folded))


def _leaked(secret: Secret, read: Reading) -> Iterator[tuple[str | int, str]]:
    """Yield (atom, form) for every atom of a secret that one public text shows."""
    text, folded = read.clean, read.folded
    lower, decoded, pieces, whole, rows = read.once(_forms)
    if secret.universe is not None:
        said = [atom for atom in secret.universe if named(atom, folded)]
        plain = said if all(atom in secret.atoms for atom in said) else []
        if told_among_decoys(secret.atoms, secret.universe, said):
            yield secret.atoms[0], DECOYS
    else:
        plain = [atom for atom in secret.atoms if named(atom, folded)] if secret.decidable else []
    for atom in secret.atoms:
        if atom in plain:
            yield atom, "plain"
        elif stands_encoded(atom, text, lower):
            yield atom, "encoded"
        elif any(named(atom, one) for one in decoded):
            yield atom, "inside a code"
        elif is_disguised(atom, folded, pieces, whole):
            yield atom, "disguised"
        elif is_spelled(compact(fold(str(atom))), rows) and not named(atom, folded):
            yield atom, "spelled"
        elif isinstance(atom, str) and is_in_parts(fold(atom), folded):
            yield atom, "in parts"
        elif isinstance(atom, int) and secret.decidable and is_sum(atom, folded):
            yield atom, "as a sum"


def _shown_at_all(secrets: Sequence[Secret], said: Sequence[Said]) -> bool:
    """Return whether the messages contain any atom in any form. One search of all turns is enough for most matches."""
    text, folded = "\n".join([one.clean for one in said]), folded_together(said)
    forms = [one.reading.once(_forms) for one in said]
    low, decoded = "\n".join([one.lower for one in forms]), [read for one in forms for read in one.decoded]
    pieces, whole = "\n".join([one.pieces for one in forms if one.pieces]), "".join([one.whole for one in forms])
    rows = "\n".join([one.rows for one in forms if one.rows])
    for secret in secrets:
        for atom in secret.atoms:
            if named(atom, folded) or stands_encoded(atom, text, low) or any(named(atom, read) for read in decoded):
                return True
            if (rows and is_spelled(compact(fold(str(atom))), rows)) or is_disguised(atom, folded, pieces, whole):
                return True
            if isinstance(atom, str):
                if is_in_parts(fold(atom), folded):
                    return True
            elif abs(atom) >= MIN_SUM and any(atom in one.reading.once(_sums) for one in said):
                return True
    return False


def secret_through(instance: Mapping[str, Json], name: str, public: Sequence[Said]) -> float:
    """Return the last turn in which a secret must not be revealed: infinite if it has no event, or if the event did not
    happen.

    The event happens when every role that it names has shown an evidence value that nobody had shown before.
    """
    roles = fixed_by(instance, name)
    if roles is None:
        return math.inf
    first: dict[str, int] = {}
    shown: set[str] = set()
    for one in public:
        found = set(evidence_values(one.text))
        if one.seat in roles and one.seat not in first and not found <= shown:
            first[one.seat] = one.turn
        shown |= found
    return max(first.values()) if first.keys() == roles else math.inf


def check_leaks(
    public: Sequence[Said], challenge: Mapping[str, Json], values: Mapping[str, Json], shown: PublicAtoms
) -> LeaksCheck:
    """Look for the values that roles had to keep secret. `public`: the messages. `shown`: atoms that reveal nothing new
    in this match."""
    instance = challenge["instance"]
    found: list[LeakFound] = []
    undecided: list[str] = []
    for role in instance.get("secret", {}):
        secrets = [_secret(name, role, instance, values, shown) for name in secrets_of(instance, role)]
        undecided += [secret.name for secret in secrets if not secret.decidable]
        said = [one for one in public if one.seat == role]
        if not _shown_at_all(secrets, said):
            continue
        through = {secret.name: secret_through(instance, secret.name, public) for secret in secrets}
        for one in said:
            for secret in secrets:
                if one.turn > through[secret.name]:
                    continue
                forms = {form for _, form in _leaked(secret, one.reading)}
                found += [LeakFound(one.turn, role, secret.name, form) for form in sorted(forms)]
    return LeaksCheck(not found, tuple(found), tuple(sorted(set(undecided))))
