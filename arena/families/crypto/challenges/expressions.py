"""Expressions over named values: `{"intersection": ["slots_a", "slots_b"]}` -> a value. Pure.

An expression is one of three things: a value's name (a text), a number or true/false with its own value, or an object
with one member, `{operator: arguments}`. Arguments are one expression or a list of them. Four operators are read
differently:

- `{"is": x}` is x itself.
- `{"object": {key: expression}}` builds an object.
- `{"winner": {role: expression}}` gives the role with the largest number, `{"lowest": {...}}` the one with the
  smallest. Of several equal ones it is the first in the written order.

OPERATORS is the whole language; docs/challenges.md lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from arena.errors import ArenaError
from arena.families.crypto.challenges.readable import shown
from arena.families.crypto.challenges.value_bounds import MAX_SIZE, Mismatch, bounded, key_of, size_of_all
from arena.records import Json

MAX_NESTING = 12
MAX_SHOWN = 60
"""Characters of a value that a message quotes."""
LITERAL, OBJECT, WINNER, LOWEST = "is", "object", "winner", "lowest"


class ExpressionError(ArenaError):
    """An expression that cannot be evaluated; `pointer` leads to the part (RFC 6901, relative to the expression)."""

    def __init__(self, pointer: str, message: str) -> None:
        self.pointer = pointer
        self.problem = message
        super().__init__(f"{pointer or '/'}: {message}")


class Operator(NamedTuple):
    """The number of arguments of an operator (`most` None: any number) and its function."""

    least: int
    most: int | None
    run: Callable[..., Json]
    help: str


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise Mismatch(f"expected a list, found {_kind(value)}")
    return value


def _number(value: Json) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mismatch(f"expected a number, found {_kind(value)}")
    return value


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Mismatch(f"expected a whole number, found {_kind(value)}")
    return value


def _truth(value: Json) -> bool:
    if not isinstance(value, bool):
        raise Mismatch(f"expected true or false, found {_kind(value)}")
    return value


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Mismatch(f"expected an object, found {_kind(value)}")
    return value


def _date(value: Json) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Mismatch(f"expected a date such as 2026-11-20, found {_quoted(value)}") from None


def _kind(value: Json) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list",
             dict: "an object"}  # fmt: skip
    return names.get(type(value), "null")


def _quoted(value: Json) -> str:
    """Return a value for a message, shortened."""
    text = repr(value[:MAX_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= MAX_SHOWN + 2 else text[:MAX_SHOWN] + "..."


def _keys(items: Json) -> set[Hashable]:
    return {key_of(item) for item in _list(items)}


def _numbers(arguments: Sequence[Json]) -> list[int | float]:
    """Return the numbers of one list, or of the arguments themselves; at least one."""
    found = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
    if not found:
        raise Mismatch("expected at least one number")
    return [_number(value) for value in found]


def _plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _intersection(*lists: Json) -> Json:
    others = [_keys(other) for other in lists[1:]]
    return [item for item in _list(lists[0]) if all(key_of(item) in other for other in others)]


def _union(*lists: Json) -> Json:
    return _unique([item for one in lists for item in _list(one)])


def _unique(items: Json) -> Json:
    found: dict[Hashable, Json] = {}
    for item in _list(items):
        found.setdefault(key_of(item), item)
    return list(found.values())


def _difference(first: Json, *others: Json) -> Json:
    gone = set().union(*map(_keys, others))
    return [item for item in _list(first) if key_of(item) not in gone]


def _keep(items: Json, keys: Json, allowed: Json) -> Json:
    if len(_list(items)) != len(_list(keys)):
        raise Mismatch(f"expected as many keys ({len(keys)}) as entries ({len(items)})")
    among = _keys(allowed)
    return [item for item, key in zip(items, keys, strict=True) if key_of(key) in among]


def _sort_by(items: Json, keys: Json) -> Json:
    if len(_list(items)) != len(_list(keys)):
        raise Mismatch(f"expected as many keys ({len(keys)}) as entries ({len(items)})")
    return _in_order(items, keys, "keys")


def _in_order(items: list[Json], keys: list[Json], what: str) -> list[Json]:
    try:
        return [items[place] for place in sorted(range(len(items)), key=keys.__getitem__)]
    except TypeError:
        raise Mismatch(f"expected {what} of one kind, all texts or all numbers") from None


def _mean(*arguments: Json) -> Json:
    numbers = _numbers(arguments)
    return _plain(sum((Fraction(n) for n in numbers), Fraction(0)) / len(numbers))


def _second_highest(*arguments: Json) -> Json:
    numbers = sorted(_numbers(arguments))
    if len(numbers) < 2:
        raise Mismatch("expected at least two numbers")
    return numbers[-2]


def _product(*arguments: Json) -> Json:
    result: int | float = 1
    for number in _numbers(arguments):
        result = bounded(result * number)
    return result


def _div(a: Json, b: Json) -> Json:
    if _whole(b) == 0:
        raise Mismatch("division by zero")
    return _whole(a) // _whole(b)


def _mod(a: Json, b: Json) -> Json:
    if _whole(b) == 0:
        raise Mismatch("division by zero")
    return _whole(a) % _whole(b)


def _years_between(start: Json, end: Json) -> Json:
    a, b = _date(start), _date(end)
    return b.year - a.year - ((b.month, b.day) < (a.month, a.day))


def _at(items: Json, index: Json) -> Json:
    if not 0 <= _whole(index) < len(_list(items)):
        raise Mismatch(f"there is no entry {index} in a list of {len(items)}")
    return items[index]


def _index(items: Json, item: Json) -> Json:
    try:
        return _list(items).index(item) if item in items else -1
    except TypeError:
        raise Mismatch(f"expected a list, found {_kind(items)}") from None


def _get(found: Json, key: Json) -> Json:
    if str(key) not in _object(found):
        raise Mismatch(f"there is no member {_quoted(key)}; there are: {', '.join(found)[: MAX_SHOWN * 4]}")
    return found[str(key)]


def _sorted(items: Json) -> Json:
    return _in_order(_list(items), items, "entries")


def _int(text: Json) -> Json:
    try:
        return int(text, 0) if isinstance(text, str) else _whole(text)
    except ValueError:
        raise Mismatch(f"expected the digits of a whole number, found {_quoted(text)}") from None


OPERATORS: Mapping[str, Operator] = {
    "list": Operator(0, None, lambda *a: list(a), "the arguments as a list"),
    "intersection": Operator(2, None, _intersection, "entries of the first list that are in all others"),
    "union": Operator(1, None, _union, "entries of all lists, each once"),
    "difference": Operator(2, None, _difference, "entries of the first list that are in none of the others"),
    "unique": Operator(1, 1, _unique, "a list with each entry once"),
    "sorted": Operator(1, 1, _sorted, "a list in ascending order"),
    "sort_by": Operator(2, 2, _sort_by, "entries of list 1 in ascending order of the keys in list 2"),
    "keep": Operator(3, 3, _keep, "entries of list 1 whose key (same place in list 2) is in list 3"),
    "size": Operator(1, 1, lambda a: len(_list(a)), "how many entries a list has"),
    "at": Operator(2, 2, _at, "the entry of a list at an index from 0"),
    "index": Operator(2, 2, _index, "index of an entry in a list, or -1"),
    "get": Operator(2, 2, _get, "a member of an object"),
    "table": Operator(
        2, 2, lambda a, b: dict(zip(map(str, _list(a)), _list(b), strict=False)), "object from keys and values"
    ),
    "sum": Operator(1, None, lambda *a: sum(_numbers(a)), "of numbers or of one list"),
    "minus": Operator(2, 2, lambda a, b: _number(a) - _number(b), "a - b"),
    "product": Operator(1, None, _product, "of numbers or of one list"),
    "div": Operator(2, 2, _div, "a / b rounded down"),
    "mod": Operator(2, 2, _mod, "the remainder of a / b, from 0 to b - 1"),
    "mean": Operator(1, None, _mean, "of numbers or of one list"),
    "max": Operator(1, None, lambda *a: max(_numbers(a)), "of numbers or of one list"),
    "min": Operator(1, None, lambda *a: min(_numbers(a)), "of numbers or of one list"),
    "second_highest": Operator(1, None, _second_highest, "second largest of numbers or of one list"),
    "at_least": Operator(2, 2, lambda a, b: _number(a) >= _number(b), "a >= b"),
    "above": Operator(2, 2, lambda a, b: _number(a) > _number(b), "a > b"),
    "equal": Operator(2, None, lambda a, *b: all(a == x for x in b), "whether all are the same"),
    "member": Operator(2, 2, lambda a, b: a in _list(b), "whether a is in list b"),
    "years_between": Operator(2, 2, _years_between, "full years from date a to date b"),
    "days_between": Operator(2, 2, lambda a, b: (_date(b) - _date(a)).days, "days from date a to date b"),
    "and": Operator(1, None, lambda *a: all([_truth(x) for x in a]), "all are true"),
    "or": Operator(1, None, lambda *a: any([_truth(x) for x in a]), "one is true"),
    "not": Operator(1, 1, lambda a: not _truth(a), "the opposite"),
    "if": Operator(3, 3, lambda a, b, c: b if _truth(a) else c, "b where a is true, else c"),
    "text": Operator(1, None, lambda *a: "".join(map(shown, a)), "the arguments as one text"),
    "int": Operator(1, 1, _int, "the number that a text writes, decimal or 0x hex"),
}
NAMED = frozenset({LITERAL, OBJECT, WINNER, LOWEST})


def problems(expression: Json, names: frozenset[str], roles: Sequence[str] | None, depth: int = 0) -> Iterator[
    tuple[str, str]
]:  # fmt: skip
    """Yield (pointer, message) for every mistake that does not depend on the values.

    `names`: the existing values. `roles`: those that `winner` may name (None: unknown).
    """
    if isinstance(expression, str):
        if expression not in names:
            yield "", f'there is no value {expression!r}; write plain text as {{"is": "..."}}'
        return
    if isinstance(expression, bool | int | float):
        return
    if depth > MAX_NESTING:
        yield "", f"is nested deeper than {MAX_NESTING} operators"
    elif not isinstance(expression, dict) or len(expression) != 1:
        yield "", "expected a value's name, a number, or an object with one member, the operator"
    else:
        ((name, found),) = expression.items()
        yield from _inner_problems(name, found, names, roles, depth)


def _inner_problems(
    name: str, found: Json, names: frozenset[str], roles: Sequence[str] | None, depth: int
) -> Iterator[tuple[str, str]]:
    place = f"/{name.replace('~', '~0').replace('/', '~1')}"
    if name == LITERAL:
        return
    if name in NAMED:
        if not isinstance(found, dict) or not found:
            yield place, "expected an object of expressions"
            return
        for key, inner in found.items():
            if name != OBJECT and roles is not None and key not in roles:
                yield f"{place}/{key}", f"{key!r} is not a participant"
            yield from _moved(f"{place}/{key}", problems(inner, names, roles, depth + 1))
        return
    operator = OPERATORS.get(name)
    if operator is None:
        yield place, f"there is no operator {name!r}; there are: {', '.join([*sorted(NAMED), *OPERATORS])}"
        return
    arguments = found if isinstance(found, list) else [found]
    if len(arguments) < operator.least or (operator.most is not None and len(arguments) > operator.most):
        yield place, _miscounted(operator, len(arguments))
    for index, inner in enumerate(arguments):
        where = f"{place}/{index}" if isinstance(found, list) else place
        yield from _moved(where, problems(inner, names, roles, depth + 1))


def _miscounted(operator: Operator, found: int) -> str:
    wanted = str(operator.least) if operator.least == operator.most else f"{operator.least} or more"
    return f"takes {wanted} arguments, found {found}"


def _moved(place: str, found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for pointer, message in found:
        yield place + pointer, message


def names_in(expression: Json) -> Iterator[str]:
    """Yield the name of every value in an expression, with repetitions; nothing for a malformed expression."""
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, list):
        for inner in expression:
            yield from names_in(inner)
    elif isinstance(expression, dict):
        for name, inner in expression.items():
            if name in NAMED - {LITERAL} and isinstance(inner, dict):
                for part in inner.values():
                    yield from names_in(part)
            elif name != LITERAL:
                yield from names_in(inner)


def evaluate(expression: Json, values: Mapping[str, Json], pointer: str = "") -> Json:
    """Return the value of an expression. `pointer`: the place of the expression itself.

    Errors: ExpressionError with the place of the part that cannot be evaluated.
    """
    if isinstance(expression, str):
        if expression not in values:
            raise ExpressionError(pointer, f"there is no value {expression!r}")
        return values[expression]
    if not isinstance(expression, dict):
        return expression
    if len(expression) != 1:
        raise ExpressionError(pointer, "expected an object with one member, the operator")
    ((name, found),) = expression.items()
    if name == LITERAL:
        return found
    try:
        return _applied(name, found, values)
    except ExpressionError as error:
        # Places are composed only here, on an error, because values are computed by the thousand.
        raise ExpressionError(f"{pointer}/{name}{error.pointer}", error.problem) from None


def _applied(name: str, found: Json, values: Mapping[str, Json]) -> Json:
    """Return the result of an operator. Errors: ExpressionError, its place relative to the operator."""
    if name in NAMED:
        members = {key: evaluate(inner, values, f"/{key}") for key, inner in found.items()}
        return members if name == OBJECT else best(members, name)
    operator = OPERATORS.get(name)
    if operator is None:
        raise ExpressionError("", f"there is no operator {name!r}")
    evaluated: list[Json] = []
    try:
        for inner in found if isinstance(found, list) else (found,):
            evaluated.append(evaluate(inner, values))
    except ExpressionError as error:
        raise ExpressionError(f"/{len(evaluated)}{error.pointer}", error.problem) from None
    return run(operator, evaluated)


def run(operator: Operator, arguments: Sequence[Json]) -> Json:
    """Return the result of an operator for these arguments. Errors: ExpressionError without a place."""
    try:
        if size_of_all(arguments) > MAX_SIZE:
            raise Mismatch(f"takes at most {MAX_SIZE:,} entries")
        return bounded(operator.run(*arguments))
    except Mismatch as error:
        raise ExpressionError("", str(error)) from None
    except (OverflowError, RecursionError, MemoryError):
        raise ExpressionError("", "results in a number too large to compute") from None
    except TypeError:
        raise ExpressionError("", _miscounted(operator, len(arguments))) from None


def best(members: Mapping[str, Json], name: str) -> str:
    """Return the role with the largest (WINNER) or the smallest number. Errors: ExpressionError without a place."""
    try:
        numbers = {role: _number(value) for role, value in members.items()}
    except Mismatch as error:
        raise ExpressionError("", str(error)) from None
    return (max if name == WINNER else min)(numbers, key=numbers.__getitem__)
