"""Links: who made a value, who posted it, and who used it and how. Pure.

A *link* has three parts. A call of seat A made a value. The value was in a public turn of a seat other than B. After
that, a call of B took the value as input and succeeded (a verification: it held), or produced the same value from its
own arguments. No link starts from a value that its seat never posted, drew as random bytes, or only compared.

A value that a role was *given* and posts is made by nobody in the match. Here a link has another meaning: a check took
the value as input, whether it held or not, or compared it with something that the other seat has from elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from arena.families.crypto.checks.atoms import decoded_texts
from arena.families.crypto.checks.codes import codes_in, leaves, spaced_json, tokens
from arena.families.crypto.checks.folding import fold, reading, words_in, words_of
from arena.families.crypto.checks.keys import PUBLIC_WORDS, derived_from, guessable, keys_of, random_parts
from arena.families.crypto.checks.op_kinds import (
    BLURS,
    COMPARES,
    CONTINUES,
    DERIVES,
    DRAWS,
    GIVEN,
    HASHES,
    OP_MAKES,
    OP_USES,
    SHARES,
    UNSEALS,
    made_by,
    recomputed,
)
from arena.families.crypto.checks.verifications import answered
from arena.families.crypto.views import spoken
from arena.records import EVERYBODY, Entry, Json

_WHOLE = re.compile(r"(?:utf8:)?[0-9A-Za-z+/_=-]{8,}")
"""Pattern of an argument that is one code."""

_SHORT = re.compile("[0-9]{1,5}")
"""Pattern of a length or an index among the arguments."""

NEVER = 10**9
MAX_ARGUMENTS = 100_000
_NO_DIGIT = re.compile("[^0-9]+")
MIN_ROW = 8
"""This many consecutive blurred answers do not occur in a text by chance."""

_NO_MAKING = frozenset({"ct_equal", "encode", "decode", "canonical_json", "int_to_bytes", "bytes_to_int", "ping", "ops",
                        "help", "version"})  # fmt: skip
"""Ops that change only the notation of a value. Their result counts as the same value."""


@dataclass(slots=True)
class Made:
    """A call that made something.

    `place`: its number among all calls of the match; each part of a batch counts. `args`: its arguments as JSON.
    `sources`: the seat's own earlier calls whose results it used. `fresh`: the arguments contain a random value that
    the seat drew before. `posted`: seat -> the first turn in which it said a value of this call. `keys`: codes that
    must stay unknown if it is to protect anything.
    """

    place: int
    seat: str
    turn: int
    op: str
    kind: str
    args: str
    fresh: bool
    posted: dict[str, int] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    sources: str = ""


class Link(NamedTuple):
    """A use of `made` by a call of `seat` in `turn` with the op `op`; `used`: the kind of use.

    `held`: False for a check that failed. A failed check counts for a given value, and where failing may be right.
    `result`: that of the call, as JSON.
    """

    made: Made
    seat: str
    turn: int
    op: str
    used: str
    place: int
    held: bool = True
    result: str = ""


class Provenance(NamedTuple):
    """All values that were made, in order, and all links.

    `known`: code -> the first turn from which everybody has it, because it was said to all or follows from such codes.
    """

    made: tuple[Made, ...]
    links: tuple[Link, ...]
    known: Mapping[str, int]


def provenance(
    entries: Sequence[Entry],
    given: Mapping[str, Mapping[str, Json]] | None = None,
    held: Mapping[str, Sequence[Json]] | None = None,
) -> Provenance:
    """Return the values made in a match and their uses.

    `given`: role -> name -> value that only this role received. `held`: role -> everything that it received or was
    shown before the match, including common knowledge.
    """
    reader = _Reader(given or {}, held or {})
    for entry in entries:
        if entry.kind == "say":
            reader.said(entry)
        elif entry.kind == "call":
            for op, args, result in answered(entry):
                reader.called(entry, op, args, result)
    return Provenance((*reader.given.values(), *reader.made), tuple(reader.links), reader.known_to_all())


class _Reader:
    def __init__(self, given: Mapping[str, Mapping[str, Json]], held: Mapping[str, Sequence[Json]]) -> None:
        self.held = held
        self._anchors: dict[str, set[str]] = {}
        self._given_words: dict[str, set[str]] = {}
        self._words: set[str] = set()
        """All words that were said, but those of `_unread`."""
        self._unread: list[str] = []
        self.said_to_all: dict[str, int] = {}
        self.speakers: dict[str, set[str]] = {}
        """Code -> the seats that said it."""
        self.deriving: list[tuple[int, set[str], set[str]]] = []
        """Turn, input codes and output codes of the deterministic calls."""
        self.given: dict[tuple[str, str], Made] = {}
        self.handed: dict[str, Made] = {}
        """Code or long number -> the given value that contains it."""
        self.having: dict[str, set[str]] = {}
        """Seat -> its own codes: given to it, or results of its calls."""
        for seat, values in given.items():
            for name, value in values.items():
                text = spaced_json(value)
                made = Made(-1 - len(self.given), seat, 0, GIVEN, GIVEN, text, False)
                found = {token for leaf in leaves(value) for token in tokens(leaf)}
                self.given[seat, name] = made
                self.handed |= dict.fromkeys(found, made)
                self.having.setdefault(seat, set()).update(found)
        self.made: list[Made] = []
        self.links: list[Link] = []
        self.origin: dict[str, Made] = {}
        self.known: set[str] = set()
        self.calls = 0
        self.blurred: dict[str, list[tuple[str, Made]]] = {}
        """Seat -> the results of its blurring calls since its last public turn."""

    def said(self, entry: Entry) -> None:
        self._said_blurred(entry)
        text = spoken(entry)
        self._unread.append(text)
        for token in reading(text).once(codes_in):
            self.speakers.setdefault(token, set()).add(entry.seat)
            if entry.to == EVERYBODY:
                self.said_to_all.setdefault(token, entry.turn)
            if token in self.origin:
                self.origin[token].posted.setdefault(entry.seat, entry.turn)
            if token in self.handed:
                self.handed[token].posted.setdefault(entry.seat, entry.turn)

    def _said_blurred(self, entry: Entry) -> None:
        """Note blurred answers that are posted. Each is too short to be found alone, so only the whole row counts."""
        row = self.blurred.pop(entry.seat, None)
        if row is None:
            return
        digits = "".join(digit for digit, _ in row)
        if len(digits) >= MIN_ROW and digits in _NO_DIGIT.sub("", spoken(entry)):
            for _, made in row:
                made.posted.setdefault(entry.seat, entry.turn)
                self.made.append(made)

    def called(self, entry: Entry, op: str, args: Json, result: Json) -> None:
        self.calls += 1
        taken = {token for leaf in leaves(args) for token in tokens(leaf)}
        given = {token for leaf in leaves(result) for token in tokens(leaf)} - taken
        self._checked_given(entry, op, args, taken, _held(result))
        self._derived(entry, op, args, given)
        if op not in _NO_MAKING:
            self.having.setdefault(entry.seat, set()).update(given)
        if op in _NO_MAKING or OP_USES.get(op) == UNSEALS:
            self._received(entry, given)
        if op in _NO_MAKING:
            return
        if not _held(result) and op in OP_USES:
            self._link_failed(entry, op, args, taken)
        if _held(result):
            if op in OP_USES:
                self._link(entry, op, (OP_USES[op], result), taken)
            elif op in HASHES:
                self._link(entry, op, (CONTINUES, result), {token for token in taken if self._hashed(token)})
            for made in self._others(entry, given) if OP_USES.get(op) != UNSEALS else ():
                used, shown = recomputed(made.kind), spaced_json(result)
                self.links.append(Link(made, entry.seat, entry.turn, op, used, self.calls, True, shown))
        if OP_MAKES.get(op) == BLURS and not given:
            text = spaced_json(args)
            made = Made(self.calls, entry.seat, entry.turn, op, BLURS, text, False)
            self.blurred.setdefault(entry.seat, []).append(("".join(leaves(result)), made))
        new = given - self.known
        if new:
            drawn = any(self._drawn(token, entry.seat) for token in taken)
            kind = made_by(op, drawn)
            text = spaced_json(args)
            keys = self._keys(entry.seat, op, kind, args, result)
            sources = self._sources(entry.seat, taken)
            made = Made(self.calls, entry.seat, entry.turn, op, kind, text, drawn, keys=keys, sources=sources)
            self.made.append(made)
            thing = new & {token for leaf in leaves(_thing(result, kind)) for token in tokens(leaf)}
            self.known |= thing
            self.origin |= dict.fromkeys(thing, made)

    def known_to_all(self) -> dict[str, int]:
        """Return code -> the turn from which everybody has it."""
        known = dict(self.said_to_all)
        for turn, taken, given in self.deriving:
            since = max((0 if guessable(token) else known.get(token, NEVER) for token in taken), default=NEVER)
            for token in given if since < NEVER else ():
                known[token] = min(known.get(token, NEVER), max(since, turn))
        return known

    def _derived(self, entry: Entry, op: str, args: Json, given: set[str]) -> None:
        """Note a call whose result is known to everybody who has its codes."""
        parts = derived_from(op, args)
        texts = [leaf for part in parts or () for leaf in leaves(part) if not _SHORT.fullmatch(leaf)]
        if texts and given and all(_WHOLE.fullmatch(text) for text in texts):
            self.deriving.append((entry.turn, {token for text in texts for token in tokens(text)}, given))

    def _sources(self, seat: str, taken: set[str]) -> str:
        """Return the arguments of the seat's own earlier calls whose results a call used, as JSON."""
        before = {made.place: made for token in taken if (made := self.origin.get(token)) and made.seat == seat}
        return "\n".join(text for one in before.values() for text in (one.args, one.sources) if text)[:MAX_ARGUMENTS]

    def _keys(self, seat: str, op: str, kind: str, args: Json, result: Json) -> frozenset[str]:
        """Return the codes of a call that must stay unknown."""
        keys = {token for part in keys_of(op, kind, args, result) for leaf in leaves(part) for token in tokens(leaf)}
        mixed = {token for part in random_parts(kind, args) for leaf in leaves(part) for token in tokens(leaf)}
        return frozenset(keys | {token for token in mixed if self._drawn(token, seat)})

    def _checked_given(self, entry: Entry, op: str, args: Json, taken: set[str], held: bool) -> None:
        """Note a check of a value that another seat was given and posted, whatever its result.

        It counts only if the seat checks the value against something that it does not have from the other seat: a mark
        or a seal that it was given, common knowledge, or something that a third seat said.
        """
        if not any([made.posted for made in self.given.values()]):
            return
        if op in OP_USES:
            taken = taken | {token for text in decoded_texts(json.dumps(args)) for token in tokens(text)}
        found = {token: self.handed[token] for token in taken if token in self.handed}
        by_place = {made.place: made for made in found.values()}
        others = [made for made in by_place.values() if made.seat != entry.seat and made.posted.keys() - {entry.seat}]
        used = OP_USES.get(op)
        if op == "ct_equal" and isinstance(args, dict):
            sides = [tokens(str(args.get(side))) for side in ("a", "b")]
            own = self.having.get(entry.seat, set())
            used = COMPARES if any(side & own for side in sides) else None
        elif used is not None and others:
            about = self._about_something(args, entry.seat)
            others = [made for made in others if about and self._anchored(made, found, taken, entry.seat)]
        if used is not None:
            self.links += [Link(made, entry.seat, entry.turn, op, used, self.calls, held) for made in others]

    def _anchored(self, made: Made, found: Mapping[str, Made], taken: set[str], seat: str) -> bool:
        """Return whether a seat checks a given value against a code that it does not have from the value's owner."""
        besides = [token for token in taken if found.get(token) is not made]
        own = self._anchors_of(seat)
        return any(token in own or self.speakers.get(token, set()) - {made.seat, seat} for token in besides)

    def _about_something(self, args: Json, seat: str) -> bool:
        """Return whether the texts of a check consist of words that were said before or that its seat was given."""
        parts = args.items() if isinstance(args, dict) else ()
        texts = [leaf[5:] for name, part in parts if name not in PUBLIC_WORDS for leaf in leaves(part)
                 if leaf.startswith("utf8:")]  # fmt: skip
        words = {word for text in texts for word in words_of(fold(text))}
        telling = {word for word in words if len(word) > 3} or words
        return telling <= self._said_words() | self._given_words_of(seat)

    def _anchors_of(self, seat: str) -> set[str]:
        """Return the codes that a seat had before the match: what it can check a value of others against."""
        found = self._anchors.get(seat)
        if found is None:
            found = {token for value in self.held.get(seat, ()) for leaf in leaves(value) for token in tokens(leaf)}
            self._anchors[seat] = found
        return found

    def _given_words_of(self, seat: str) -> set[str]:
        """Return the words of the values that a seat had before the match."""
        found = self._given_words.get(seat)
        if found is None:
            held = self.held.get(seat, ())
            found = {word for value in held for leaf in leaves(value) for word in words_of(fold(leaf))}
            self._given_words[seat] = found
        return found

    def _said_words(self) -> set[str]:
        """Return all words that were said so far; without a handed value none, as nothing is compared with them."""
        if self.handed:
            self._words.update(*(reading(text).once(words_in) for text in self._unread))
        self._unread.clear()
        return self._words

    def _received(self, entry: Entry, given: set[str]) -> None:
        """Note a value of another seat that a seat unsealed or decoded: it was sent to that seat under a seal."""
        for token in given:
            made = self.origin.get(token) or self.handed.get(token)
            if made is not None and made.seat != entry.seat:
                made.posted.setdefault(made.seat, entry.turn)

    def _link(self, entry: Entry, op: str, use: tuple[str, Json], taken: set[str]) -> None:
        """Note a use with its result."""
        for made in self._others(entry, taken):
            shown = spaced_json(use[1])
            self.links.append(Link(made, entry.seat, entry.turn, op, use[0], self.calls, True, shown))

    def _link_failed(self, entry: Entry, op: str, args: Json, taken: set[str]) -> None:
        """Note a check that failed, if its seat has the other side of the comparison from elsewhere."""
        others = self._others(entry, taken)
        for made in others if others and self._about_something(args, entry.seat) else ():
            if self._anchored(made, self.origin, taken, entry.seat):
                self.links.append(Link(made, entry.seat, entry.turn, op, OP_USES[op], self.calls, False))

    def _others(self, entry: Entry, found: set[str]) -> list[Made]:
        """Return the value that another seat made and a seat other than the caller posted. Draws are not counted."""
        calls = {}
        for token in found:
            made = self.origin.get(token)
            if made is None or made.seat == entry.seat or made.kind == DRAWS:
                continue
            if any(seat != entry.seat for seat in made.posted):
                calls[made.place] = made
        return [calls[place] for place in sorted(calls)]

    def _drawn(self, token: str, seat: str) -> bool:
        made = self.origin.get(token)
        return made is not None and made.seat == seat and (made.kind == DRAWS or (made.fresh and made.op in HASHES))

    def _hashed(self, token: str) -> bool:
        made = self.origin.get(token)
        return made is not None and made.kind == DERIVES and made.op in HASHES


def _thing(result: Json, kind: str) -> Json:
    """Return the main result of an op without its by-products.

    Whoever knows only the nonce of a seal or the key of a signature has not used the seal or the signature. Shares are
    the values under `secret`.
    """
    if not isinstance(result, dict):
        return result
    aside = {"nonce", "r", "pk", "pk2"} if kind == SHARES else {"nonce", "r", "pk", "pk2", "secret"}
    return {name: value for name, value in result.items() if name not in aside}


def _held(result: Json) -> bool:
    if isinstance(result, dict) and "valid" in result:
        return result["valid"] is True
    return result is not False
