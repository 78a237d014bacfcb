"""The possible values of a secret for an observer who knows some of the drawn values. Pure.

The draw declares them: the numbers of an `int`, the entries of a `choice`, the subsets of a list, the results of an
expression over all of these. A domain is never smaller than the set of possible values: conditions that the observer
cannot apply (`exclude` of values that it does not know) are ignored. So counts err on the side of the players.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations, permutations, product
from typing import NamedTuple

from arena.families.crypto.challenges.draws import CASE, KINDS, needs
from arena.families.crypto.challenges.expressions import ExpressionError
from arena.families.crypto.challenges.prepared import prepared
from arena.families.crypto.challenges.same import Same, Written
from arena.records import Json

MAX_CANDIDATES = 1_000_000
"""A secret with more possible values is not enumerated: the check says so and counts nothing."""

MAX_COMPUTED = 100_000
"""Most combinations of other values that are tried for a value that is computed from them."""

MAX_COUNTED = 500
"""The same if the values are only counted. It is smaller, because most matches give nothing away and each is counted.
"""

MAX_DEPTH = 8

Values = Mapping[str, Json]
Spec = Mapping[str, Json]


class Domain(NamedTuple):
    """`size`: the number of values. `values` lists them anew for each caller."""

    size: int
    values: Callable[[], Iterator[Json]]


class Part(NamedTuple):
    """A secret that is a part of a list: `sizes` (least, most) entries of `universe`, in its order."""

    universe: tuple[Json, ...]
    sizes: tuple[int, int]

    def left(self, told: int) -> int:
        """Return the number of such parts that contain `told` certain entries."""
        low, high = self.sizes
        free = len(self.universe) - told
        return sum(math.comb(free, size - told) for size in range(max(low, told), high + 1))

    def mostly(self, said: int, share: float) -> int:
        """Return the number of such parts of which at least that share is among `said` entries of the list."""
        low, high = self.sizes
        rest = len(self.universe) - said
        return sum(
            math.comb(said, inside) * math.comb(rest, size - inside)
            for size in range(low, high + 1)
            for inside in range(math.ceil(share * size), size + 1)
        )


def domain(name: str, specs: Mapping[str, Spec], known: Values, most: int = MAX_COMPUTED) -> Domain | None:
    """Return the possible values of a drawn value; None if they are more than MAX_CANDIDATES or cannot be listed.

    `known`: the values that the observer has. `most`: combinations that are tried for a computed value.
    """
    return _Reader(specs, known, most).domain(name, 0)


def as_part(name: str, specs: Mapping[str, Spec], known: Values, value: Json) -> Part | None:
    """Return the list that a secret is a part of; None for a value that is not part of a known list.

    `value`: the drawn value. If an `include` that the observer does not know may have made it larger than `size` says,
    its own size is used.
    """
    spec = specs[name]
    if spec["draw"] != "subset" or not isinstance(value, list):
        return None
    universe = _Reader(specs, known).listed(spec["of"])
    if universe is None:
        return None
    size = spec["size"]
    low, high = (size, size) if isinstance(size, int) else size
    if not low <= len(value) <= high:
        low = high = len(value)
    return Part(tuple(universe), (low, min(high, len(universe))))


def entries_of(name: str, specs: Mapping[str, Spec], known: Values) -> list[Json] | None:
    """Return the possible values of an entry of a list; None if they cannot be listed."""
    reader, spec = _Reader(specs, known), specs[name]
    if spec["draw"] == "list":
        found = reader.item(spec)
        return None if found is None else list(found.values())
    return reader.listed(spec["of"]) if "of" in spec else None


def size_of(name: str, specs: Mapping[str, Spec], known: Values) -> int | None:
    """Return the number of possible values, even if they are too many to list; None if it is unknown."""
    used = {one: known[one] for one in _rests_on(name, Same(specs)) if one in known}
    return _size_of(name, Same(specs), Written(used))


@lru_cache(maxsize=4096)
def _rests_on(name: str, of: Same) -> tuple[str, ...]:
    """Return the names of the values that decide the domain of a value: itself and all that it depends on."""
    specs: Mapping[str, Spec] = of.held
    found, waiting = {name}, [name]
    while waiting:
        spec = specs.get(waiting.pop())
        new = set(needs(spec)) - found if spec is not None else set()
        found |= new
        waiting += new
    return tuple(sorted(found))


@lru_cache(maxsize=4096)
def _size_of(name: str, of: Same, used: Written) -> int | None:
    """Return the number of possible values, counted once for all matches in which an observer knows the same of the
    values that it depends on."""
    specs, known = of.held, used.values
    found = domain(name, specs, known, MAX_COUNTED)
    if found is not None:
        return found.size
    if specs[name]["draw"] == "subset" and isinstance(specs[name]["size"], int):
        universe = _Reader(specs, known).listed(specs[name]["of"])
        if universe is not None:
            return math.comb(len(universe), specs[name]["size"])
    space = KINDS[specs[name]["draw"]].space(specs[name])
    return None if space is None or math.isinf(space) else int(space)


class _Reader:
    def __init__(self, specs: Mapping[str, Spec], known: Values, most: int = MAX_COMPUTED) -> None:
        self.specs, self.known, self.most = specs, known, most

    def domain(self, name: str, depth: int) -> Domain | None:
        if name in self.known:
            value = self.known[name]
            return Domain(1, lambda: iter([value]))
        if depth > MAX_DEPTH or name not in self.specs:
            return None
        spec = self.specs[name]
        found = self._drawn(spec, depth)
        return found if found is not None and found.size <= MAX_CANDIDATES else None

    def _drawn(self, spec: Spec, depth: int) -> Domain | None:
        kind = spec["draw"]
        if kind == "is":
            return Domain(1, lambda: iter([spec["value"]]))
        if kind == "int":
            return self._int(spec, depth)
        if kind == "date":
            return self._date(spec)
        if kind == "hex":
            return self._hex(spec)
        if kind == CASE:
            labels = [*spec["honest"], *spec["negative"]]
            return Domain(len(labels), lambda: iter(labels))
        if kind == "list":
            return self._list(spec, depth)
        if kind == "computed":
            return self._computed(spec["by"], depth)
        return self._from_list(kind, spec)

    def item(self, spec: Spec) -> Domain | None:
        """Return the possible values of an entry of a drawn list."""
        found = self._drawn(spec["item"], 0)
        return found if found is not None and found.size <= MAX_CANDIDATES else None

    def _from_list(self, kind: str, spec: Spec) -> Domain | None:
        items = self.listed(spec["of"]) if "of" in spec else None
        if items is None:
            return None
        if kind == "choice":
            gone = self._named(spec.get("exclude"))
            left = [item for item in items if item not in gone]
            return Domain(len(left), lambda: iter(left))
        if kind == "shuffle" and len(items) <= 9:
            return Domain(math.factorial(len(items)), lambda: (list(row) for row in permutations(items)))
        if kind == "subset":
            return self._subset(spec, items)
        return None

    def _subset(self, spec: Spec, items: Sequence[Json]) -> Domain | None:
        size = spec["size"]
        low, high = (size, size) if isinstance(size, int) else size
        fixed = self._named(spec.get("include"))
        if spec.get("include") is not None and not fixed:
            return None  # the required entries may be more than `size`, and are not known here
        gone = [item for item in self._named(spec.get("exclude")) if item not in fixed]
        free = [item for item in items if item not in fixed and item not in gone]
        counts = range(max(0, low - len(fixed)), max(0, high - len(fixed)) + 1)
        whole = sum(math.comb(len(free), count) for count in counts)

        def rows() -> Iterator[Json]:
            for count in counts:
                for chosen in combinations(free, count):
                    yield [item for item in items if item in chosen or item in fixed]

        return Domain(whole, rows)

    def _int(self, spec: Spec, depth: int) -> Domain | None:
        low, high = self._end(spec["from"], min, depth), self._end(spec["to"], max, depth)
        if low is None or high is None or high < low:
            return None
        gone = {item for item in self._named(spec.get("exclude")) if isinstance(item, int)}
        step = spec.get("step", 1)
        numbers = range(low, high + 1, step)
        inside = sum(one in numbers for one in gone)
        return Domain(len(numbers) - inside, lambda: (number for number in numbers if number not in gone))

    def _end(self, found: Json, choose: Callable[[Iterator[int]], int], depth: int) -> int | None:
        """Return an end of a range: a number. If the end names a value, its least (or greatest) possible value."""
        if isinstance(found, int):
            return found
        named = self.domain(found, depth + 1)
        if named is None or named.size > self.most:
            return None
        numbers = [value for value in named.values() if isinstance(value, int)]
        return choose(iter(numbers)) if numbers else None

    def _date(self, spec: Spec) -> Domain:
        first = date.fromisoformat(spec["from"])
        days = (date.fromisoformat(spec["to"]) - first).days + 1
        return Domain(days, lambda: ((first + timedelta(days=day)).isoformat() for day in range(days)))

    def _hex(self, spec: Spec) -> Domain | None:
        count = spec["bytes"]
        if 256**count > MAX_CANDIDATES:
            return None
        return Domain(256**count, lambda: (number.to_bytes(count, "big").hex() for number in range(256**count)))

    def _list(self, spec: Spec, depth: int) -> Domain | None:
        item = self._drawn(spec["item"], depth + 1)
        if item is None or item.size ** spec["length"] > MAX_CANDIDATES:
            return None
        entries = list(item.values())
        length = spec["length"]
        return Domain(len(entries) ** length, lambda: (list(row) for row in product(entries, repeat=length)))

    def _computed(self, expression: Json, depth: int) -> Domain | None:
        """Return the possible values of an expression, over all combinations of the values that it depends on."""
        if item := self._entry_of_list(expression, depth):
            return item
        roots = self.roots(expression)
        if roots is None:
            return None
        parts = [self.domain(root, depth + 1) for root in roots]
        if any(one is None for one in parts) or math.prod(one.size for one in parts if one) > self.most:
            return None
        found: dict[str, Json] = {}
        columns = [list(one.values()) for one in parts if one]
        steps = [(name, self.specs[name]["by"]) for name in self._order(expression, {*self.known, *roots})]
        work = prepared(expression, self.known, steps)
        for row in product(*columns):
            try:
                value = work(dict(zip(roots, row, strict=True)))
            except ExpressionError:
                continue  # these values cannot occur together
            if value is not None:
                found.setdefault(repr(value), value)
        values = list(found.values())
        return Domain(len(values), lambda: iter(values)) if values else None

    def _entry_of_list(self, expression: Json, depth: int) -> Domain | None:
        """Return the values that an entry of a drawn list may have: all values of the list's draw."""
        found = expression.get("at") if isinstance(expression, dict) else None
        name = found[0] if isinstance(found, list) and found else None
        if not isinstance(name, str) or name in self.known or self.specs.get(name, {}).get("draw") != "list":
            return None
        return self._drawn(self.specs[name]["item"], depth + 1)

    def roots(self, expression: Json) -> list[str] | None:
        """Return the drawn, unknown values that an expression depends on; None if an op makes one of them."""
        found: dict[str, None] = {}
        waiting, seen = list(needs({"draw": "computed", "by": expression})), set()
        while waiting:
            name = waiting.pop()
            if name in seen or name in self.known:
                continue
            seen.add(name)
            spec = self.specs.get(name)
            if spec is None or spec["draw"] in ("made", "calculator"):
                return None
            if spec["draw"] == "computed":
                waiting += needs(spec)
            else:
                found[name] = None
        return sorted(found)

    def _order(self, expression: Json, given: Collection[str]) -> list[str]:
        """Return the computed values that an expression needs in addition to the given ones, in the order of
        computation."""
        ordered: dict[str, None] = {}

        def visit(name: str) -> None:
            spec = self.specs.get(name)
            if name in given or name in ordered or spec is None or spec["draw"] != "computed":
                return
            for need in needs(spec):
                visit(need)
            ordered[name] = None

        for name in needs({"draw": "computed", "by": expression}):
            visit(name)
        return list(ordered)

    def listed(self, found: Json) -> list[Json] | None:
        """Return the entries that a draw chooses from; for an unknown list, all entries that it may have."""
        if isinstance(found, list):
            return found
        if found in self.known:
            value = self.known[found]
            return value if isinstance(value, list) else None
        spec = self.specs.get(found, {})
        if spec.get("draw") == "is" and isinstance(spec["value"], list):
            return list(spec["value"])
        return self.listed(spec["of"]) if spec.get("draw") in ("subset", "shuffle") else None

    def _named(self, found: Json) -> list[Json]:
        """Return the entries of the named values that are known."""
        names = [found] if isinstance(found, str) else found or []
        values = [self.known[name] for name in names if name in self.known]
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
