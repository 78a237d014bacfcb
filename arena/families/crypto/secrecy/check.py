"""Check: how many values of each secret are still possible for those who must not know it? Pure.

For each secret value and each observer (view.py), the candidates (domains.py) are compared with what the observer has:
leaks (checks/leaks.py), and posted results of calls (inference.py). A clue that is not understood rules out nothing, so
the count of remaining candidates is never too low. A secret below its minimum was therefore certainly given away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from arena.families.crypto.challenges.instance import own_names, secrets_of
from arena.families.crypto.challenges.same import Same
from arena.families.crypto.checks.atoms import named
from arena.families.crypto.checks.codes import leaves, spaced_json
from arena.families.crypto.checks.disguises import LEAST_TOLD
from arena.families.crypto.checks.folding import Said
from arena.families.crypto.checks.leaks import DECOYS, secret_through
from arena.families.crypto.checks.obligations import holds
from arena.families.crypto.checks.op_kinds import OP_USES, SHARES, UNSEALS
from arena.families.crypto.checks.public_atoms import PublicAtoms
from arena.families.crypto.checks.results import TOLD, LeaksCheck, SecrecyCheck, SecretFound, SecretStep
from arena.families.crypto.secrecy.comparisons import compares, comparisons_of
from arena.families.crypto.secrecy.domains import (
    MAX_CANDIDATES,
    MAX_COMPUTED,
    Part,
    as_part,
    domain,
    entries_of,
    size_of,
)
from arena.families.crypto.secrecy.forms import Form, Key
from arena.families.crypto.secrecy.inference import Call, Clue, Opened, Reader, calls_of, makers_of
from arena.families.crypto.secrecy.said_numbers import Meant, clues_of, explained_by, first_said, meant
from arena.families.crypto.secrecy.view import PUBLIC, Hearing, Shown, View
from arena.records import Entry, Json

DEFAULT_MINIMUM = 2
"""If one value remains, the secret is known."""

MAX_EVALUATIONS = 1_000_000
"""Limit for one match, counted in hashes. Longer computations are not tried, and the check says so."""

MAX_TOGETHER = 3
"""Most unknown values of one clue that are tried together."""

_UNSEALING = frozenset({UNSEALS, "combines", "matches"})


@dataclass(slots=True)
class _Budget:
    left: int = MAX_EVALUATIONS
    spent: bool = False

    def takes(self, trials: int, cost: int) -> bool:
        """Return whether this many trials are still allowed; if not, note it."""
        if trials * max(1, cost) > self.left:
            self.spent = True
            return False
        self.left -= trials * max(1, cost)
        return True


class _Match:
    """The part of one match that all its secrets and observers share; each piece is computed when first used."""

    def __init__(
        self, shown: Shown, calls: list[Call], public: PublicAtoms, said: Sequence[Said], leaks: LeaksCheck
    ) -> None:
        self.shown, self.calls, self.public, self.said, self.leaks = shown, calls, public, said, leaks
        self.challenge, self.values = shown.challenge, shown.values
        self.instance: Mapping[str, Json] = self.challenge["instance"]
        self.budget = _Budget()
        self._views: dict[tuple[str, float], View] = {}
        self._found: dict[tuple[str, float], tuple[list[Clue], list[Opened]]] = {}
        self._told: dict[tuple[Hearing, str, str], bool] = {}
        self._forms: dict[tuple[Key, int], list[Form]] = {}

    def view(self, observer: str, last: float) -> View:
        """Return an observer's knowledge up to a turn."""
        found = self._views.get((observer, last))
        if found is None:
            found = self._views[observer, last] = View(observer, self.shown, last)
        return found

    def clues(self, observer: str, last: float) -> tuple[list[Clue], list[Opened]]:
        """Return the clues that calls and said numbers give to an observer up to a turn, and the values that it can
        open.

        Of what can be opened, only values that the public can open count, because a seat opens only values meant for
        it.
        """
        found = self._found.get((observer, last))
        if found is None:
            found = self._found[observer, last] = self._read(self.view(observer, last))
        return found

    def _read(self, view: View) -> tuple[list[Clue], list[Opened]]:
        said = first_said(view)
        if said:
            said = {number: where for number, where in said.items() if number not in self._explained}
        compared = compares(view)
        if not self.calls and not said and not compared:
            return [], []
        wanted = self._wanted(view)
        reader = Reader(view, self.calls, self._made, wanted, self._forms)
        opened = list(reader.opened()) if view.observer == PUBLIC else []
        clues = list(reader.clues())
        if said:
            clues += clues_of(view, said, self._meant, self.instance, self.values, wanted)
        if compared:
            clues += comparisons_of(view, self.instance, wanted)
        return clues, opened

    @cached_property
    def _made(self) -> Mapping[tuple[str, str], Call]:
        return makers_of(self.calls)

    @cached_property
    def _meant(self) -> list[Meant]:
        return meant(self.instance, self.values)

    @cached_property
    def _explained(self) -> set[int]:
        """The numbers of a match that are not mental sums: values, the right result, inputs and results of calls."""
        specs = self.instance["values"]
        shown = [value for name, value in self.values.items() if not specs[name].get("hidden")]
        texts = [text for call in self.calls for text in leaves([call.args, call.result])]
        told = {int(row) for text in texts for row in re.findall(r"\d{3,12}", text)}
        return explained_by([*shown, self.public.result]) | told

    def was_sent(self, seat: str, name: str) -> bool:
        """Return whether a value was meant for a seat: the seat unsealed it, and an obligation asks for that.

        In a challenge without obligations nothing says for whom a value is meant, and unsealing it is enough.
        """
        if not any(self.unsealed(seat, name)):
            return False
        listed = self.challenge.get("obligations")
        return not listed or any(delivers(one, seat, name) for one in listed)

    def unsealed(self, seat: str, name: str) -> Iterator[Call]:
        """Yield the calls by which a seat unsealed a value, or put it together."""
        wanted = self.public.in_value(name) if self.calls else ()
        for call in self.calls if wanted else ():
            if call.seat == seat and OP_USES.get(call.op) in _UNSEALING:
                text = spaced_json(call.result)
                if all(holds(text, one) for one in wanted):
                    yield call

    def _wanted(self, view: View) -> list[tuple[Key, Json, str]]:
        """Return (key, value, owner) of the values that an observer does not have, secret ones first."""
        own: Mapping[str, Sequence[str]] = self.instance.get("own", {})
        secret = {name for role in self.instance.get("secret", {}) for name in secrets_of(self.instance, role)}
        found: list[tuple[Key, Json, str]] = []
        pairs = [(name, role) for role, names in own.items() for name in names if name in self.values]
        for name, role in sorted(pairs, key=lambda one: one[0] not in secret):
            if name in view.values or self._was_told(name, role, view.hearing):
                continue
            value = self.values[name]
            found.append(((name, False), value, role))
            if isinstance(value, list) and self.instance["values"][name]["draw"] in ("subset", "list", "shuffle"):
                found += [((name, True), one, role) for one in value]
        return found

    def _was_told(self, name: str, role: str, hearing: Hearing) -> bool:
        """Return whether an owner said all of a value, in words with no other meaning."""
        found = self._told.get((hearing, name, role))
        if found is None:
            found = self._told[hearing, name, role] = self._tells(name, role, hearing)
        return found

    def _tells(self, name: str, role: str, hearing: Hearing) -> bool:
        wanted = self.public.in_value(name)
        spec = self.instance["values"][name]
        if not wanted or any(isinstance(atom, int) and abs(atom) < 100 for atom in wanted):
            return False
        others = spec.get("of") if spec["draw"] == "choice" and isinstance(spec.get("of"), list) else ()
        said = [one.folded for one in hearing.said if one.seat == role]
        if any(named(other, text) for text in said for other in others if other != self.values[name]):
            return False
        return all(any(named(atom, text) for text in said) for atom in wanted)


def check_secrecy(
    entries: Sequence[Entry],
    said: Sequence[Said],
    challenge: Mapping[str, Json],
    values: Mapping[str, Json],
    public: PublicAtoms,
    leaks: LeaksCheck,
) -> SecrecyCheck | None:
    """Return for each secret value the candidates that remain for the observer who has the fewest; None without
    secrets.

    `said`: the messages. `public`: atoms that reveal nothing new in this match. `leaks`: the result of the check
    `leaks` for the same transcript.
    """
    instance = challenge["instance"]
    names = dict.fromkeys(name for role in instance.get("secret", {}) for name in secrets_of(instance, role))
    if not names:
        return None
    match = _Match(Shown(entries, said, challenge, values), calls_of(entries), public, said, leaks)
    found = tuple(_secret(name, match) for name in names)
    return SecrecyCheck(all(one.ok for one in found), found, MAX_EVALUATIONS - match.budget.left, match.budget.spent)


def delivers(obligation: Mapping[str, Json], seat: str, name: str) -> bool:
    """Return whether an obligation asks a seat to unseal a value that another one made."""
    held = any(name in names for maker, names in obligation["of"].items() if maker != seat)
    return held and seat in obligation.get("by", ()) and any(map(_hands_over, obligation["any"]))


def _hands_over(way: Mapping[str, Json]) -> bool:
    """Return whether this kind of use gives the user the value itself. To calculate with a sealed value does not."""
    return way.get("used") == UNSEALS or (way["made"] == SHARES and way.get("used") == "combines")


def _keepers(instance: Mapping[str, Json], name: str) -> list[str]:
    return [role for role in instance.get("secret", {}) if name in secrets_of(instance, role)]


def _secret(name: str, match: _Match) -> SecretFound:
    """Return the remaining candidates of one secret for the observer who has the fewest."""
    keepers, seats = _concerned(Same(match.challenge), name)
    minimum = minimum_of(match.challenge, name)
    through = secret_through(match.instance, name, match.said)
    best: SecretFound | None = None
    for observer in (PUBLIC, *(seat for seat in seats if not match.was_sent(seat, name))):
        found = _for_observer(name, match, observer, through, keepers, minimum)
        if best is None or _fewer(found, best):
            best = found
        if best.remaining == 1:
            break  # no observer can have fewer
    assert best is not None
    return best


@lru_cache(maxsize=2048)
def _concerned(of: Same, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the seats that keep a secret, and those that are not to know it."""
    instance = of.held["instance"]
    owners = {role for role in instance.get("own", {}) if name in own_names(instance, role)}
    allowed = {*owners, *of.held.get("channels", {}).get("may_hear", {}).get(name, ())}
    seats = tuple([one["id"] for one in of.held["participants"] if one["id"] not in allowed])
    return tuple(_keepers(instance, name)), seats


def minimum_of(challenge: Mapping[str, Json], name: str) -> int:
    """Return how many candidates of a value must remain."""
    declared: Mapping[str, int] = challenge["instance"].get("secret_candidates", {})
    return declared.get(name, DEFAULT_MINIMUM)


def _fewer(found: SecretFound, than: SecretFound) -> bool:
    return (math.inf if found.remaining is None else found.remaining, found.ok) < (
        math.inf if than.remaining is None else than.remaining, than.ok
    )  # fmt: skip


def _for_observer(
    name: str, match: _Match, observer: str, through: float, keepers: Sequence[str], minimum: int
) -> SecretFound:
    view = match.view(observer, through)
    specs, value = match.instance["values"], match.values[name]
    whole = size_of(name, specs, view.values)
    in_all, public = match.public.in_value(name), match.public.of(keepers[0], through < math.inf)
    kept = [atom for atom in in_all if atom not in public]
    as_list = as_part(name, specs, view.values, value)
    start = whole if as_list is None else as_list.left(len(in_all) - len(kept))
    steps: list[SecretStep] = []
    if kept:
        clues, opened = match.clues(observer, through)
        if clues or opened or match.leaks.found:
            counter = _Counter(name, match, view.values, as_list, set(in_all).difference(kept))
            steps += counter.told(through)
            steps += [SecretStep(one.turn, one.seat, one.op, 1) for one in opened if (name, False) in one.keys]
            steps += counter.worked_out(clues)
        if observer != PUBLIC:
            read = [one for one in match.unsealed(observer, name) if OP_USES.get(one.op) == UNSEALS]
            steps += [SecretStep(one.turn, one.seat, one.op, 1) for one in read if one.turn <= through]
    steps.sort(key=lambda step: (step.turn, step.seat, -step.left))
    remaining = min([*([] if start is None else [start]), *(step.left for step in steps)], default=None)
    bound = minimum if start is None else min(minimum, start)
    ok = remaining is None or remaining >= bound
    return SecretFound(name, tuple(keepers), observer, whole, remaining, bound, ok, tuple(steps))


class _Counter:
    """Counts the candidates of one secret for one observer. `free`: entries of a list that are public in any case."""

    def __init__(
        self, name: str, match: _Match, known: Mapping[str, Json], as_list: Part | None, free: set[str | int]
    ) -> None:
        self.name, self.match, self.known, self.as_list, self.free = name, match, known, as_list, free
        self.specs = match.instance["values"]

    def told(self, through: float) -> Iterator[SecretStep]:
        """Yield the candidates left by leaks of the value."""
        said: set[str | int] = set()
        leaks = [one for one in self.match.leaks.found if one.value == self.name and one.turn <= through]
        texts = {one.turn: one for one in self.match.said} if leaks else {}
        for leak in leaks:
            text = texts[leak.turn].folded if leak.turn in texts else ""
            named_here = {one for one in self.match.public.in_value(self.name) if named(one, text)}
            if self.as_list is None:
                left = 1
            elif leak.form == DECOYS:
                shown = [one for one in self.as_list.universe if named(one, text)]
                left = self.as_list.mostly(len(shown), LEAST_TOLD)
            else:
                said |= named_here - self.free
                left = self.as_list.left(len(said | self.free)) if named_here else self.as_list.left(1 + len(self.free))
            yield SecretStep(leak.turn, leak.seat, f"{TOLD} {leak.form}", max(1, left))

    def worked_out(self, clues: Sequence[Clue]) -> Iterator[SecretStep]:
        """Yield the candidates left by posted results, in the order of turns."""
        yield from self._entries([clue for clue in clues if clue.keys == {(self.name, True)}])
        mine = [clue for clue in clues if (self.name, False) in clue.keys and len(clue.keys) <= MAX_TOGETHER]
        found = domain(self.name, self.specs, self.known) if mine else None
        if found is None:
            return
        left: list[Json] | None = None
        for clue in sorted(mine, key=lambda one: (len(one.keys), one.turn)):
            size = found.size if left is None else len(left)
            others = self._others(clue)
            if size <= 1 or others is None:
                continue
            trials = size * math.prod(len(values) for _, values in others)
            if trials > MAX_CANDIDATES or not self.match.budget.takes(trials, clue.cost):
                continue
            tried = found.values() if left is None else iter(left)
            left = _fitting(self.name, list(tried), others, clue)
            if len(left) < size:
                yield SecretStep(clue.turn, clue.seat, clue.op, len(left))

    def _others(self, clue: Clue) -> list[tuple[Key, list[Json]]] | None:
        """Return the candidates of the other values in a clue; None if they cannot be listed."""
        found = []
        for key in sorted(clue.keys - {(self.name, False)}):
            candidates = self._candidates(key)
            if candidates is None:
                return None
            found.append((key, candidates))
        return found

    def _candidates(self, key: Key) -> list[Json] | None:
        name, entry = key
        if entry:
            return entries_of(name, self.specs, self.known)
        found = domain(name, self.specs, self.known)
        return None if found is None or found.size > MAX_COMPUTED else list(found.values())

    def _entries(self, clues: Sequence[Clue]) -> Iterator[SecretStep]:
        """Yield the candidates left when posted results reveal entries of a list, one by one."""
        universe = entries_of(self.name, self.specs, self.known) if clues else None
        if universe is None:
            return
        had: set[str] = set()
        for clue in sorted(clues, key=lambda one: one.turn):
            if not self.match.budget.takes(len(universe), clue.cost):
                continue
            fitting = [one for one in universe if clue.fits({(self.name, True): one})]
            if len(fitting) == 1 and fitting[0] not in self.free and repr(fitting[0]) not in had:
                had.add(repr(fitting[0]))
                yield SecretStep(clue.turn, clue.seat, clue.op, max(1, self._left(len(had), len(universe))))

    def _left(self, told: int, entries: int) -> int:
        if self.as_list is not None:
            return self.as_list.left(told + len(self.free))
        length: int = len(self.match.values[self.name])
        return min(MAX_CANDIDATES, int(entries ** max(0, length - told)))


def _fitting(name: str, tried: Sequence[Json], others: Sequence[tuple[Key, list[Json]]], clue: Clue) -> list[Json]:
    """Return the candidates that fit a clue together with some values of the others."""
    whole = all(type(one) is int for values in (tried, *(values for _, values in others)) for one in values)
    if clue.total is not None and whole:
        sums = {sum(row) for row in product(*(values for _, values in others))}
        return [one for one in tried if clue.total - one in sums]
    return [one for one in tried if _possible(name, one, others, clue)]


def _possible(name: str, value: Json, others: Sequence[tuple[Key, list[Json]]], clue: Clue) -> bool:
    """Return whether a candidate fits a clue together with some values of the others."""
    keys = [key for key, _ in others]
    return any(
        clue.fits({(name, False): value, **dict(zip(keys, row, strict=True))})
        for row in product(*(values for _, values in others))
    )
