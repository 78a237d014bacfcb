"""The result of a draw, recomputed from the ledger, because agreement alone proves nothing. Pure.

`truth.drawn` of a challenge (docs/challenges.md, "Draws that decide") names the roles that must take part in the draw,
and how its outcome is read. A call counts if its inputs go back to a random value of each of these roles, and if at
least two seats made it with the same result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from arena.families.crypto.challenges.expressions import ExpressionError, evaluate
from arena.families.crypto.challenges.members.drawn import ANSWERS, CARDS, DRAW, EACH, NAMES, NUMBER, RANKED
from arena.families.crypto.checks.codes import leaves
from arena.families.crypto.checks.verifications import answered
from arena.families.crypto.views import spoken
from arena.records import Entry, Json

MIN_CODE = 8
_FRESH = frozenset({"random_bytes", "random_int", "keygen"})
_DECIMAL = frozenset({"modpow", "modadd", "modmul", "hash_to_int", "bytes_to_int", "random_int"})
_HEX = frozenset({"hash", "hmac", "hkdf", "expand_message", "otp_xor"})
_NO_DIGIT = re.compile("[^01]+")


class _Traced(NamedTuple):
    """A call, with the roles whose random values its inputs go back to. `place`: its number among all calls."""

    place: int
    turn: int
    seat: str
    op: str
    args: Mapping[str, Json]
    result: Json
    sources: frozenset[str]


def redrawn(entries: Sequence[Entry], drawn: Mapping[str, Json], values: Mapping[str, Json]) -> list[Json]:
    """Return the different results of the draws of a match; none if nothing was drawn as declared.

    `drawn`: the member `drawn` of the challenge's truth.
    """
    calls = list(_traced(entries))
    found: list[Json] = []
    for way in drawn["ways"]:
        ((name, how),) = way.items()
        try:
            for result in _READERS[name](how, calls, entries, drawn, values):
                if result not in found:
                    found.append(result)
        except (ExpressionError, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, OverflowError):
            continue  # a result of another shape is not a draw
    return found


def _traced(entries: Sequence[Entry]) -> Iterator[_Traced]:
    known: dict[str, frozenset[str]] = {}
    place = 0
    for entry in entries:
        for op, args, result in answered(entry) if entry.kind == "call" else ():
            if not isinstance(args, dict):
                continue
            place += 1
            texts = [text.lower() for text in leaves(args)]
            sources = frozenset().union(*(
                roles for code, roles in known.items() if any(code in text for text in texts)
            ))  # fmt: skip
            own = frozenset({entry.seat})
            made = sources | own if op in _FRESH else sources
            for text in leaves(result):
                if len(text) >= MIN_CODE and text.lower() not in known and made:
                    known[text.lower()] = made
            if op in ("commit_hash", "auction_seal") and "nonce" not in args and isinstance(result, dict):
                known[str(result.get("nonce")).lower()] = own
            yield _Traced(place, entry.turn, entry.seat, op, args, result, made)


def _confirmed(calls: Sequence[_Traced], by: Sequence[str]) -> Iterator[_Traced]:
    """Yield one call for each op and result that goes back to all roles of `by` and that two seats made."""
    seats: dict[str, set[str]] = {}
    for call in calls:
        if call.sources.issuperset(by):
            made = seats.setdefault(json.dumps([call.op, call.result], sort_keys=True), set())
            if call.seat not in made and len(made) == 1:
                yield call
            made.add(call.seat)


def _number(how: Json, calls: Sequence[_Traced], entries: Sequence[Entry], drawn: Mapping[str, Json],
            values: Mapping[str, Json]) -> Iterator[Json]:  # fmt: skip
    sides = evaluate(drawn["sides"], values) if "sides" in drawn else None
    for call in _confirmed(calls, drawn["by"]):
        number = _read_number(call, sides)
        if number is not None:
            yield evaluate(how, {**values, DRAW: number})


def _read_number(call: _Traced, sides: Json) -> int | None:
    """Return a call's result as a number; None for other results. An outcome of a die counts unchanged."""
    result = call.result
    if isinstance(result, dict):
        if call.op == "coin_combine" and sides is not None and call.args.get("sides", 2) == sides:
            return int(result["outcome"])
        code = result.get("randomness", result.get("beta"))
        return int(str(code), 16) if code is not None else None
    if call.op in _DECIMAL:
        return int(str(result))
    return int(str(result), 16) if call.op in _HEX else None


def _code(call: _Traced) -> str | None:
    """Return the hex code in a call's result, in lower case; None for other results."""
    if isinstance(call.result, dict):
        found = call.result.get("randomness")
        return str(found).lower() if found is not None else None
    return str(call.result).lower() if call.op in _HEX else None


def _names(how: Json, calls: Sequence[_Traced], entries: Sequence[Entry], drawn: Mapping[str, Json],
           values: Mapping[str, Json]) -> Iterator[Json]:  # fmt: skip
    for call in _confirmed(calls, drawn["by"]):
        if call.op == "sortition" and "weights" not in call.args:
            names = call.result["drawn"]
            yield names[0] if how == "first" else names


def _ranked(how: Json, calls: Sequence[_Traced], entries: Sequence[Entry], drawn: Mapping[str, Json],
            values: Mapping[str, Json]) -> Iterator[Json]:  # fmt: skip
    """Yield the entries in the ascending order of the codes that the draw and each entry give."""
    listed = evaluate(how, values)
    for call in _confirmed(calls, drawn["by"]):
        if (code := _code(call)) is None:
            continue
        keyed: dict[str, int] = {}
        for other in calls:
            text = " ".join(leaves(other.args)).lower()
            if other.place > call.place and other.op in _HEX and code in text:
                words = re.findall(r"[^\W_]+", text.replace(code, " "))
                for one in listed:
                    if str(one).lower() in words:
                        keyed[str(one)] = int(str(other.result), 16)
        if len(keyed) == len(listed):
            yield sorted(listed, key=lambda one: keyed[str(one)])


def _each(how: Json, calls: Sequence[_Traced], entries: Sequence[Entry], drawn: Mapping[str, Json],
          values: Mapping[str, Json]) -> Iterator[Json]:  # fmt: skip
    """Yield the role whose own number, verified by another seat, is the lowest (or the largest, by `how`)."""
    numbers: dict[str, int] = {}
    proved = {str(call.result["pi"]): call for call in calls if call.op == "vrf_prove" and "pi" in call.result}
    for call in calls:
        if call.op == "vrf_verify" and call.result.get("valid") is True and str(call.args.get("pi")) in proved:
            made = proved[str(call.args["pi"])]
            if made.seat != call.seat and made.sources.issuperset({made.seat, *drawn["by"]}):
                numbers[made.seat] = int(str(call.result["beta"]), 16)
    roles = evaluate(drawn["roles"], values)
    if roles and set(numbers) >= set(roles):
        yield _best(how, {role: numbers[role] for role in roles})


def _cards(how: Json, calls: Sequence[_Traced], entries: Sequence[Entry], drawn: Mapping[str, Json],
           values: Mapping[str, Json]) -> Iterator[Json]:  # fmt: skip
    """Yield the role with the lowest (or largest) card: the first card that the role opens, if another seat opens it as
    well."""
    cards: dict[str, int] = {}
    for call in calls:
        found = (
            re.findall(r"\d+", str(call.args.get("msg")).removeprefix("utf8:")) if call.op == "hash_to_curve" else []
        )
        if len(found) == 1:
            cards[str(call.result["point"])] = int(found[0])
    opened = [call for call in calls if call.op == "elgamal_decrypt" and str(call.result) in cards]
    hands: dict[str, int] = {}
    for role in drawn["by"]:
        mine = next((call for call in opened if call.seat == role), None)
        if mine is not None and any(other.seat != role and other.result == mine.result for other in opened):
            hands[role] = cards[str(mine.result)]
    if len(hands) == len(drawn["by"]):
        yield _best(how, hands)


def _best(how: Json, numbers: Mapping[str, int]) -> Json:
    return (max if how == "winner" else min)(numbers, key=numbers.__getitem__)


def _answers(how: Json, calls: Sequence[_Traced], entries: Sequence[Entry], drawn: Mapping[str, Json],
             values: Mapping[str, Json]) -> Iterator[Json]:  # fmt: skip
    """Yield the share in the posted blurred answers, in percent, corrected for the added noise."""
    yes = total = 0
    kept: set[float] = set()
    rows: dict[str, list[str]] = {}
    posted: set[str] = set()
    for entry in entries:
        for op, args, result in answered(entry) if entry.kind == "call" else ():
            if op == "randomized_response":
                bit = str(result["bit"] if isinstance(result, dict) else result)
                rows.setdefault(entry.seat, []).append(bit)
                kept.add(int(args.get("true_num", 3)) / int(args.get("true_den", 4)))
        row = "".join(rows.get(entry.seat, ())) if entry.kind == "say" else ""
        if row and row in _NO_DIGIT.sub("", spoken(entry)):
            posted.add(entry.seat)
            yes, total = yes + row.count("1"), total + len(row)
            rows[entry.seat] = []
    if posted.issuperset(drawn["by"]) and len(kept) == 1:
        p = kept.pop()
        share = 100 * (yes / total - 1 + p) / (2 * p - 1)
        yield from (one for one in range(int(share) - 2, int(share) + 3) if abs(one - share) <= how)


_READERS = {NUMBER: _number, NAMES: _names, RANKED: _ranked, EACH: _each, CARDS: _cards, ANSWERS: _answers}
