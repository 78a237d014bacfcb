"""Draw a challenge's values from a trial's seed: one table of kinds of draw. Pure.

Every value has its own stream, HMAC-SHA256 under the trial's seed with the value's name as label. So neither the order
of the names nor the needs of another value change a drawn value. docs/challenges.md describes the kinds.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from arena.families.crypto.challenges.expressions import ExpressionError, names_in
from arena.families.crypto.challenges.made_values import MEMBERS, OPS, NotMade
from arena.families.crypto.challenges.prepared import evaluated
from arena.records import Json

MAX_TRIES = 1000
"""Attempts to draw a number that must differ from others, before the draw fails."""

CALCULATOR = "calculator"
"""The only kind that does not depend on the seed alone: the calculator makes the value at the start of play."""
MADE = "made"
"""The kind whose value is the result of an op, computed without the calculator."""
CASE = "case"
"""The kind that draws the case of a trial; docs/challenges.md, "Cases"."""
NEGATIVE_PERCENT = 45
"""Percentage of trials with a negative case, if the draw names none."""


class DrawError(ValueError):
    """A draw that cannot be made; the message says why."""


class Stream:
    """Random whole numbers for one value: HMAC-SHA256(seed, label, name, counter), in blocks of 8 bytes."""

    def __init__(self, seed: str, name: str) -> None:
        self._seed, self._name = seed, name
        self._counter = 0
        self._left = b""

    def bytes(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        while len(self._left) < count:
            label = b"arena-instance/1\0%b\0%b" % (self._name.encode(), self._counter.to_bytes(8, "big"))
            self._left += hmac.digest(bytes.fromhex(self._seed), label, "sha256")
            self._counter += 1
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def below(self, bound: int) -> int:
        """Return a number from 0 to `bound` - 1, each equally likely (rejection of the uneven rest)."""
        limit = 2**64 - 2**64 % bound
        while (found := int.from_bytes(self.bytes(8), "big")) >= limit:
            pass
        return found % bound


Values = Mapping[str, Json]
Spec = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a draw: its allowed values in words, whether it is required, and the check."""

    wanted: str
    good: Callable[[Json], bool]
    required: bool = True


class Kind(NamedTuple):
    """One kind of draw. `space`: returns the number of possible results (None: unknown)."""

    fields: Mapping[str, Field]
    draw: Callable[[Spec, Stream, Values], Json]
    space: Callable[[Spec], float | None]


def _listed(found: Json, values: Values) -> list[Json]:
    """Return the entries of a list, or those of the value that it names."""
    items = values[found] if isinstance(found, str) else found
    if not isinstance(items, list):
        raise DrawError(f"the value {found!r} is not a list")
    return items


def _named(found: Json, values: Values) -> list[Json]:
    """Return the contents of the named values: the entries of lists, and other values themselves."""
    names = [found] if isinstance(found, str) else found or []
    whole = [values[name] for name in names]
    return [item for value in whole for item in (value if isinstance(value, list) else [value])]


def _sample(items: Sequence[Json], count: int, stream: Stream) -> list[Json]:
    left = list(items)
    return [left.pop(stream.below(len(left))) for _ in range(count)]


def _subset(spec: Spec, stream: Stream, values: Values) -> Json:
    of = _listed(spec["of"], values)
    include = _named(spec.get("include"), values)
    exclude = _named(spec.get("exclude"), values)
    size = spec["size"]
    low, high = (size, size) if isinstance(size, int) else size
    count = low + stream.below(high - low + 1)
    if strangers := [item for item in include if item not in of]:
        raise DrawError(f"`include` holds {strangers[0]!r}, which is not in `of`")
    free = [item for item in of if item not in include and item not in exclude]
    more = max(0, count - len(include))
    if more > len(free):
        raise DrawError(f"{more} more entries are wanted and only {len(free)} are left in `of`")
    chosen = [*include, *_sample(free, more, stream)]
    return [item for item in of if item in chosen]


def _choice(spec: Spec, stream: Stream, values: Values) -> Json:
    exclude = _named(spec.get("exclude"), values)
    left = [item for item in _listed(spec["of"], values) if item not in exclude]
    if not left:
        raise DrawError("`exclude` leaves nothing to choose from")
    return left[stream.below(len(left))]


def _int(spec: Spec, stream: Stream, values: Values) -> Json:
    low, high = (values[spec[end]] if isinstance(spec[end], str) else spec[end] for end in ("from", "to"))
    step = spec.get("step", 1)
    if high < low:
        raise DrawError(f"`from` {low} is above `to` {high}")
    exclude = _named(spec.get("exclude"), values)
    for _ in range(MAX_TRIES):
        found: int = low + step * stream.below((high - low) // step + 1)
        if found not in exclude:
            return found
    raise DrawError(f"no number from {low} to {high} differs from those to exclude")


def _date(spec: Spec, stream: Stream, values: Values) -> Json:
    low, high = date.fromisoformat(spec["from"]), date.fromisoformat(spec["to"])
    if high < low:
        raise DrawError(f"`from` {low} is after `to` {high}")
    return (low + timedelta(days=stream.below((high - low).days + 1))).isoformat()


def _list(spec: Spec, stream: Stream, values: Values) -> Json:
    item = spec["item"]
    return [KINDS[item["draw"]].draw(item, stream, values) for _ in range(spec["length"])]


def _computed(spec: Spec, stream: Stream, values: Values) -> Json:
    try:
        return evaluated(spec["by"], values)
    except ExpressionError as error:
        raise DrawError(f"by{error.pointer}: {error.problem}") from None


def _calculator(spec: Spec, stream: Stream, values: Values) -> Json:
    raise DrawError("is drawn by the calculator, not from the seed")


def _made(spec: Spec, stream: Stream, values: Values) -> Json:
    names, make = OPS[spec["op"]]
    args = {key: values[value[1:-1]] if is_reference(value) else value for key, value in spec["args"].items()}
    if names != args.keys():
        raise DrawError(f"{spec['op']} needs the arguments {', '.join(sorted(names))}")
    member = MEMBERS.get((spec["op"], spec.get("get", "")))
    try:
        found = (member or make)(args)
    except NotMade as problem:
        raise DrawError(f"{spec['op']}: {problem}") from None
    if "get" not in spec or member is not None:
        return found
    if not isinstance(found, dict) or spec["get"] not in found:
        raise DrawError(f"the result of {spec['op']} has no member {spec['get']!r}")
    return found[spec["get"]]


def _case(spec: Spec, stream: Stream, values: Values) -> Json:
    negative = stream.below(100) < spec.get("percent", NEGATIVE_PERCENT)
    labels: list[str] = spec["negative" if negative else "honest"]
    return labels[stream.below(len(labels))]


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def _is_int(value: Json) -> bool:
    return type(value) is int and abs(value) < 2**53


def _is_items(value: Json) -> bool:
    return _is_name(value) or (isinstance(value, list) and 0 < len(value) <= 200)


def _is_names(value: Json) -> bool:
    return _is_name(value) or (isinstance(value, list) and bool(value) and all(map(_is_name, value)))


def _is_size(value: Json) -> bool:
    if isinstance(value, list):
        return len(value) == 2 and all(map(_is_int, value)) and 0 <= value[0] <= value[1]
    return _is_int(value) and value >= 0


def _is_date(value: Json) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_item(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("draw"), str) and value["draw"] in ITEM_KINDS


def _is_labels(value: Json) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 12 and all(map(_is_name, value))


_LABELS = Field("a list of 1 to 12 names of cases", _is_labels)
_ITEMS = Field("a list of 1 to 200 entries, or the name of a value that is a list", _is_items)
_NAMES = Field("a value's name or a list of names", _is_names, required=False)
_END = Field("a whole number or the name of a value that is one", lambda v: _is_int(v) or _is_name(v))
_DAY = Field("a date such as 2026-11-20", _is_date)
_COUNT = Field("a whole number from 1 to 64", lambda v: _is_int(v) and 1 <= v <= 64)


def _subset_space(spec: Spec) -> float | None:
    if not isinstance(spec["of"], list):
        return None
    size = spec["size"]
    low, high = (size, size) if isinstance(size, int) else size
    return float(sum(math.comb(len(spec["of"]), n) for n in range(low, high + 1)))


def _int_space(spec: Spec) -> float | None:
    if not (_is_int(spec["from"]) and _is_int(spec["to"])):
        return None
    return float((spec["to"] - spec["from"]) // spec.get("step", 1) + 1)


def _choice_space(spec: Spec) -> float | None:
    return float(len(spec["of"])) if isinstance(spec["of"], list) else None


def _days_space(spec: Spec) -> float | None:
    return (date.fromisoformat(spec["to"]) - date.fromisoformat(spec["from"])).days + 1.0


KINDS: Mapping[str, Kind] = {
    "subset": Kind(
        {
            "of": _ITEMS,
            "size": Field("a whole number or [least, most]", _is_size),
            "include": _NAMES,
            "exclude": _NAMES,
        },
        _subset,
        _subset_space,
    ),
    "choice": Kind({"of": _ITEMS, "exclude": _NAMES}, _choice, _choice_space),
    "shuffle": Kind({"of": _ITEMS}, lambda spec, stream, values: _sample(
        _listed(spec["of"], values), len(_listed(spec["of"], values)), stream), lambda spec: None),
    "int": Kind(
        {
            "from": _END,
            "to": _END,
            "step": Field("a whole number from 1 on", lambda v: _is_int(v) and v >= 1, required=False),
            "exclude": _NAMES,
        },
        _int,
        _int_space,
    ),
    "date": Kind({"from": _DAY, "to": _DAY}, _date, _days_space),
    "hex": Kind({"bytes": _COUNT}, lambda spec, stream, values: stream.bytes(spec["bytes"]).hex(),
                lambda spec: 256.0 ** spec["bytes"]),
    "list": Kind(
        {"item": Field("a draw of the kind int, date, choice or hex", _is_item), "length": _COUNT},
        _list,
        lambda spec: None,
    ),
    "is": Kind({"value": Field("any value", lambda v: v is not None)}, lambda spec, stream, values: spec["value"],
               lambda spec: 1.0),
    "computed": Kind({"by": Field("an expression", lambda v: v is not None)}, _computed, lambda spec: None),
    MADE: Kind(
        {
            "op": Field(f"one of {', '.join(OPS)}", lambda v: isinstance(v, str) and v in OPS),
            "args": Field("an object", lambda v: isinstance(v, dict)),
            "get": Field("the name of a member of the result", _is_name, required=False),
        },
        _made,
        lambda spec: None,
    ),
    CASE: Kind(
        {
            "honest": _LABELS,
            "negative": _LABELS,
            "percent": Field("a whole number from 1 to 99", lambda v: _is_int(v) and 1 <= v <= 99, required=False),
        },
        _case,
        lambda spec: float(len(spec["honest"]) + len(spec["negative"])),
    ),
    CALCULATOR: Kind(
        {
            "op": Field("the name of an op", _is_name),
            "args": Field("an object", lambda v: isinstance(v, dict)),
            "get": Field("the name of a member of the result", _is_name, required=False),
        },
        _calculator,
        lambda spec: None,
    ),
}  # fmt: skip
ITEM_KINDS = frozenset({"int", "date", "choice", "hex"})


def is_empty_range(spec: Spec) -> bool:
    """Return whether the ends of a draw of a number or a date are in the wrong order."""
    good = {"int": _is_int, "date": _is_date}.get(spec["draw"])
    if good is None or "from" not in spec or "to" not in spec:
        return False
    low, high = spec["from"], spec["to"]
    return good(low) and good(high) and bool(low > high)


def needs(spec: Spec) -> Iterator[str]:
    """Yield the names of the values that a (well-formed) draw depends on."""
    for member in ("of", "from", "to"):
        if isinstance(spec.get(member), str) and spec["draw"] != "date":
            yield spec[member]
    for member in ("include", "exclude"):
        found = spec.get(member)
        yield from [found] if isinstance(found, str) else found or []
    if spec["draw"] == "computed":
        yield from names_in(spec["by"])
    if spec["draw"] == "list":
        yield from needs(spec["item"])
    if spec["draw"] in (CALCULATOR, MADE):
        yield from (value[1:-1] for value in spec["args"].values() if is_reference(value))


def is_reference(value: Json) -> bool:
    """Return whether an argument of a draw by an op is `{name}`: the value of that name, unchanged."""
    return isinstance(value, str) and len(value) > 2 and value[0] == "{" and value[-1] == "}"
