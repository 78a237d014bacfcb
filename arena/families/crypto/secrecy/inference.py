"""Clues: what a posted result of a call says about the call's arguments. Pure.

Only the recorded call counts, whatever was said about it. Its arguments are read as templates with places for the
values that the observer does not have. If the observer has everything else in them, and the result was posted, each
candidate can be put in and the results compared: a `Clue`. If an argument is the result of an earlier call of the same
seat, that call is computed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from arena.families.crypto.checks.atoms import atoms
from arena.families.crypto.checks.codes import leaves, spaced_json, tokens
from arena.families.crypto.checks.keys import derived_from
from arena.families.crypto.checks.obligations import holds
from arena.families.crypto.checks.op_kinds import OP_USES, UNSEALS
from arena.families.crypto.checks.verifications import answered
from arena.families.crypto.secrecy.forms import (
    Form,
    Hole,
    Key,
    Template,
    filled,
    find,
    forms_of,
    hex_template,
    values_in,
)
from arena.families.crypto.secrecy.recompute import OPS, NotWorkedOut, work_out
from arena.families.crypto.secrecy.view import MIN_CODE, NEVER, View
from arena.records import Entry, Json

CHOICES = frozenset({"alg", "to", "fn", "G", "endian", "tree", "suite"})
PUBLIC_ARGUMENTS = frozenset({"context", "dst", "info", "aad", "label", "auction", "bidder"})
"""Arguments that the calculator's catalogue calls public: their words are not secret and contain no value."""

MAX_CHAIN = 4
MIN_SEALED = 10
"""A smaller number in a sealed message may be another number."""

MIN_NUMBER = 100
"""A result that is a smaller number may equal a number that was said in public by chance."""


class Call(NamedTuple):
    """A successful call of the ledger; each part of a batch is one."""

    turn: int
    seat: str
    op: str
    args: Mapping[str, Json]
    result: Json
    telling: tuple[str, ...]
    """The texts of a result that tell those who hear them something about the arguments."""


@dataclass(frozen=True, slots=True)
class Clue:
    """A posted result that can be computed from values.

    `keys`: those values. `fits(given)`: whether these values give the posted result. `cost`: of one trial, in hashes.
    `turn`: the first turn in which the observer can use it. `total`: the sum of the values, if the clue says only that.
    """

    turn: int
    seat: str
    op: str
    keys: frozenset[Key]
    fits: Callable[[Mapping[Key, Json]], bool]
    cost: int
    total: int | None = None


class Opened(NamedTuple):
    """A call whose inputs the observer has since a turn, with the values in it."""

    turn: int
    seat: str
    op: str
    keys: frozenset[Key]


SHARED = {"shamir_split", "additive_share", "feldman_deal", "pedersen_vss_deal"}
SEALED_IN = {"aead_encrypt": "msg", "otp_xor": "data", "shamir_split": "msg", "additive_share": "value",
             "feldman_deal": "sk", "pedersen_vss_deal": "sk", "sum_mask": "value"}  # fmt: skip
"""Op that hides a value under a key or in shares -> the argument with the value."""


def _member(found: Json, name: str) -> Json:
    return found.get(name) if isinstance(found, dict) else None


def _tellable(value: Json) -> bool:
    """Return whether a value is too long or too large to occur in a text by chance."""
    found = list(atoms(value))
    return bool(found) and all(isinstance(atom, str) or abs(atom) >= MIN_SEALED for atom in found)


def calls_of(entries: Sequence[Entry]) -> list[Call]:
    """Return the successful calls of a match. A call that takes the leaves of a tree gives one more for each leaf."""
    found = []
    for entry in entries:
        if entry.kind != "call":
            continue
        for op, args, result in answered(entry):
            if not isinstance(args, dict):
                continue
            found.append(Call(entry.turn, entry.seat, op, args, result, _telling(op, args, result)))
            leaves = args.get("leaves")
            for leaf in leaves if isinstance(leaves, list) else ():
                try:
                    made = work_out("merkle_leaf", {"leaf": leaf})
                except NotWorkedOut:
                    continue
                alone: dict[str, Json] = {"leaf": leaf}
                told = _telling("merkle_leaf", alone, made)
                found.append(Call(entry.turn, entry.seat, "merkle_leaf", alone, made, told))
    return found


def _telling(op: str, args: Mapping[str, Json], result: Json) -> tuple[str, ...]:
    taken = {text.casefold() for text in leaves(args)}
    aside = {"nonce", "r", "mask", "secret", "pk"} if op != "feldman_deal" else {"secret"}
    things = {k: v for k, v in result.items() if k not in aside} if isinstance(result, dict) else result
    found = []
    for text in leaves(things):
        low = text.casefold()
        if low not in taken and not (low.isdigit() and int(low[:20]) < MIN_NUMBER) and len(low) >= 3:
            found.append(text)
    return tuple(found)


def makers_of(calls: Sequence[Call]) -> dict[tuple[str, str], Call]:
    """Return (seat, code) -> the first call of that seat whose result contains the code."""
    found: dict[tuple[str, str], Call] = {}
    for call in calls:
        for text in leaves(call.result):
            for token in tokens(text):
                found.setdefault((call.seat, token), call)
    return found


class _Unknown(Exception):
    """The observer does not have something in the arguments."""


class Reader:
    """Reads the calls of one match for one observer.

    `made`: as of `makers_of`. `wanted`: the values that the observer does not have, by key.
    """

    def __init__(
        self,
        view: View,
        calls: Sequence[Call],
        made: Mapping[tuple[str, str], Call],
        wanted: Sequence[tuple[Key, Json, str]],
        forms: dict[tuple[Key, int], list[Form]],
    ) -> None:
        """`forms`: those of each value, by key and identity, which the readers of one match share and fill."""
        self.view, self.calls, self.wanted = view, calls, wanted
        self._made, self._forms = made, forms
        self._here: dict[tuple[str, bool], tuple[list[tuple[Key, Json]], list[Form]]] = {}

    def clues(self) -> Iterator[Clue]:
        """Yield the clues of the posted results about the wanted values."""
        for call in self.calls:
            if call.op not in OPS or call.seat == self.view.observer:
                continue
            posted, turn = self._posted(call)
            if not posted:
                continue
            try:
                node = self._node(call, 0)
            except _Unknown:
                continue
            clue = self._clue(call, node, posted, turn) if node.true else None
            if clue is not None:
                yield clue

    def opened(self) -> Iterator[Opened]:
        """Yield the values that the observer can open: those sealed under a key that it has, and those in shares of
        which it has enough."""
        yield from self._unlocked()
        for call in self.calls:
            if call.op not in SEALED_IN:
                continue
            turn = max(self._opened_since(call), call.turn)
            if call.seat == self.view.observer or turn >= NEVER:
                continue
            keys: set[Key] = set()
            for text in leaves(call.args.get(SEALED_IN[call.op])):
                keys |= set(values_in(self._template(text, call.seat, False)) or ())
            if keys:
                yield Opened(turn, call.seat, call.op, frozenset(keys))

    def _unlocked(self) -> Iterator[Opened]:
        """Yield the values in seals that another seat opened, using only codes that the observer has as well."""
        for call in self.calls:
            if OP_USES.get(call.op) != UNSEALS or call.op in SEALED_IN:
                continue
            parts = [text for name, value in call.args.items() if name not in PUBLIC_ARGUMENTS | CHOICES
                     for text in leaves(value) if len(text) >= MIN_CODE]  # fmt: skip
            turn = max((call.turn, *(self._had_since(call.seat, text, 0) for text in parts))) if parts else NEVER
            if turn <= self.view.last and turn < NEVER:
                read = spaced_json(call.result)
                keys = {key for key, value, _ in self.wanted if _tellable(value) and holds(read, value)}
                if keys:
                    yield Opened(turn, call.seat, call.op, frozenset(keys))

    def _had_since(self, seat: str, text: str, depth: int) -> int:
        """Return the turn from which the observer has a code, because it was said or follows from codes that were; else
        NEVER."""
        since = self.view.since_all(text.removeprefix("utf8:"))
        if since < NEVER or depth > MAX_CHAIN:
            return since
        made = self._made.get((seat, text.casefold()))
        parts = None if made is None else derived_from(made.op, made.args)
        texts = [leaf for part in parts or () for leaf in leaves(part) if len(leaf) >= MIN_CODE]
        if any(one.startswith("utf8:") for one in texts):
            return NEVER  # words may be the wanted value, so they do not count as a known code
        return max((self._had_since(seat, one, depth + 1) for one in texts), default=NEVER)

    def _template(self, text: str, seat: str, unowned: bool) -> Template:
        """Return an argument as a template with places for the values of its seat and for wanted values that nobody
        owns."""
        found = self._here.get((seat, unowned))
        if found is None:
            here = [(key, true) for key, true, owner in self.wanted if owner == seat or (unowned and not owner)]
            found = self._here[seat, unowned] = here, forms_of(here, self._forms)
        return hex_template(text, *found) or find(text, found[1])

    def _opened_since(self, call: Call) -> int:
        if call.op in SHARED:
            shares = _member(_member(call.result, "secret"), "shares")
            wanted = call.args.get("t", len(shares) if isinstance(shares, list) else None)
            if not isinstance(shares, list) or not isinstance(wanted, int):
                return NEVER
            parts = [_member(one, "share") if isinstance(one, dict) else one for one in shares]
            turns = sorted(self.view.since(str(one)) if len(str(one)) >= MIN_CODE else NEVER for one in parts)
            return turns[wanted - 1] if 0 < wanted <= len(turns) else NEVER
        if call.op == "sum_mask":
            return self._unmasked_since(call)
        if call.op in SEALED_IN:
            key = str(call.args.get("key", ""))
            text = next(iter(leaves(_member(call.result, "ct") or call.result)), "")
            if len(key) >= MIN_CODE and text:
                return max(self._had_since(call.seat, key, 0), self.view.since(text))
        return NEVER

    def _unmasked_since(self, call: Call) -> int:
        """Return the turn from which the observer has the keys of all masks on a number; NEVER if it does not have
        them."""
        keys = [text for text in leaves(call.args.get("peers")) if len(text) >= MIN_CODE]
        shown = str(_member(call.result, "masked"))
        return max((self.view.since(shown), *(self._had_since(call.seat, key, 0) for key in keys))) if keys else NEVER

    def _posted(self, call: Call) -> tuple[set[str], int]:
        """Return the parts of a result that the seat of the call said while the observer heard it, and the turn from
        which."""
        found, turn = set(), NEVER
        for text in call.telling:
            since = self.view.said_by(call.seat, text)
            if since < NEVER and (since >= call.turn or len(text.casefold()) >= MIN_CODE):
                found.add(text)
                turn = min(turn, since)
        return found, max(turn, call.turn)

    def _clue(self, call: Call, node: _Node, posted: set[str], turn: int) -> Clue | None:
        try:
            places = [text in posted for text in leaves(node.run(node.true))]
        except NotWorkedOut:
            return None
        if not any(places):
            return None  # it is not computed here as in the calculator
        wanted = list(_chosen(node.run(node.true), places))

        def fits(given: Mapping[Key, Json]) -> bool:
            try:
                return list(_chosen(node.run(given), places)) == wanted
            except NotWorkedOut:
                return False

        return Clue(max(turn, node.turn), call.seat, call.op, frozenset(node.true), fits, node.cost)

    def _node(self, call: Call, depth: int) -> _Node:
        """Return how to compute a call for other values. Raises _Unknown."""
        op = OPS.get(call.op)
        if op is None or depth > MAX_CHAIN:
            raise _Unknown
        args = dict(call.args)
        for name, path in op.drawn.items():
            if name not in args:
                found: Json = call.result
                for step in path:
                    found = found.get(step) if isinstance(found, dict) else None
                args[name] = found
        parts: dict[str, _Part] = {}
        for name, value in args.items():
            parts[name] = self._part(call, name, value, depth)
        true = _merged(part.true for part in parts.values())
        turn = max((part.turn for part in parts.values()), default=0)
        cost = op.cost + sum(part.cost for part in parts.values())

        def run(given: Mapping[Key, Json]) -> Json:
            return work_out(call.op, {name: part.fill(given) for name, part in parts.items()})

        return _Node(true, turn, cost, run)

    def _part(self, call: Call, name: str, value: Json, depth: int) -> _Part:
        if isinstance(value, list):
            inner = [self._part(call, name, one, depth) for one in value]
            true = _merged(one.true for one in inner)
            turn = max((one.turn for one in inner), default=0)
            return _Part(true, turn, sum(one.cost for one in inner), lambda given: [one.fill(given) for one in inner])
        if isinstance(value, bool) or value is None or name in CHOICES:
            return _Part({}, 0, 0, lambda given: value)
        if name in PUBLIC_ARGUMENTS:
            return self._public(value)
        if not isinstance(value, str | int):
            raise _Unknown
        text = str(value)
        template = self._template(text, call.seat, True)
        if any(isinstance(piece, Hole) for piece in template):
            return self._with_holes(template)
        since = self._had_since(call.seat, text, 0)
        if since < NEVER:
            return _Part({}, since, 0, lambda given: value)
        made = self._made.get((call.seat, text.casefold()))
        if made is None or made is call:
            raise _Unknown
        return self._from_call(made, text, depth)

    def _public(self, value: Json) -> _Part:
        if any(self.view.since(token) == NEVER for token in tokens(str(value))):
            raise _Unknown
        return _Part({}, 0, 0, lambda given: value)

    def _with_holes(self, template: Template) -> _Part:
        true = values_in(template)
        if true is None:
            raise _Unknown
        rest = " ".join(piece for piece in template if not isinstance(piece, Hole))
        since = self.view.since_all(rest.replace("utf8:", " "))
        if since == NEVER:
            raise _Unknown
        return _Part(true, since, 0, lambda given: filled(template, given))

    def _from_call(self, made: Call, text: str, depth: int) -> _Part:
        """Return the computation of the earlier call of the seat that gave a code, to be used in place of the code."""
        node = self._node(made, depth + 1)
        place = [one.casefold() for one in leaves(made.result)].index(text.casefold()) if node.true else -1
        if place != 0:
            raise _Unknown

        def fill(given: Mapping[Key, Json]) -> Json:
            for one in leaves(node.run(given)):
                return one
            raise NotWorkedOut("nothing")

        return _Part(node.true, node.turn, node.cost, fill)


def _merged(parts: Iterable[Mapping[Key, Json]]) -> dict[Key, Json]:
    """Return the values that all parts depend on. Errors: _Unknown if they depend on two entries of one list."""
    found: dict[Key, Json] = {}
    for part in parts:
        for key, value in part.items():
            if found.setdefault(key, value) != value:
                raise _Unknown
    return found


class _Node(NamedTuple):
    true: Mapping[Key, Json]
    turn: int
    cost: int
    run: Callable[[Mapping[Key, Json]], Json]


class _Part(NamedTuple):
    true: Mapping[Key, Json]
    turn: int
    cost: int
    fill: Callable[[Mapping[Key, Json]], Json]


def _chosen(result: Json, places: Sequence[bool]) -> Iterator[str]:
    """Yield the texts at the places of a result that count."""
    return (text for text, wanted in zip(leaves(result), places, strict=False) if wanted)
