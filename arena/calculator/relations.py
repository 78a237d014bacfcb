"""Check a random answer without its seed, by the relation that the op's own example shows. Pure.

The catalogue's example of a randomised op may have a second part, `then`: a call that uses the result and has a known
answer (`commit_hash`, then `open_hash` says `valid`). The same call is made for another answer of that op: the text
`"$name"` stands for a member of the result, and a value that equals an argument of the example is replaced by the given
argument. If a value remains open (a secret key that only the example has, an argument that the second call does not
accept), there is no relation, and the answer cannot be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from arena.records import Json

MIN_KEY_CHARS = 16
"""If a text of the example has at least this length and equals an argument, it is that argument, not a coincidence."""

CONSTANTS = frozenset({"index", "a", "b"})
"""Arguments of second calls that the example sets independently of the first call: the index of an examined share, the
terms of a sum that every key must compute."""


class Relation(NamedTuple):
    """A call and its expected result."""

    op: str
    args: Json
    result: Json


def relation(row: Mapping[str, Json], then_row: Mapping[str, Json], args: Json, result: Json) -> Relation | str:
    """Return the relation that `result` must satisfy, the answer to a call of the op of `row` with `args`; or why it cannot
    be checked. `row`, `then_row`: catalogue rows of the op and of the op that its example names under `then`."""
    example = row["example"]
    if not isinstance(args, dict):
        return "its arguments are not an object"
    taken = {param["name"] for param in then_row["params"]}
    strangers = [name for name in args if name not in example["args"] and name not in taken]
    if strangers:
        return f"the effect of {strangers[0]} is unknown"
    filler = _Filler(example["args"], args, result)
    then: dict[str, Json] = {}
    for name, value in example["then"]["args"].items():
        if name in example["args"] and example["args"][name] == value:
            if name in args:  # an argument with its default here keeps its default there
                then[name] = args[name]
        else:
            then[name] = filler.argument(value, name)
    then |= {name: value for name, value in args.items() if name in taken and name not in then}
    expected = filler.expected(example["then"]["result"])
    return filler.open or Relation(example["then"]["op"], then, expected)


class _Filler:
    """Replaces the example's values by those of a call; `open` lists the values that could not be replaced."""

    def __init__(self, example: Mapping[str, Json], args: Mapping[str, Json], result: Json) -> None:
        self.example, self.args, self.result = example, args, result
        self.open = ""

    def argument(self, value: Json, name: str) -> Json:
        """Return an argument of the second call."""
        if isinstance(value, dict):
            return {inner: self.argument(found, inner) for inner, found in value.items()}
        if isinstance(value, list):
            return [self.argument(found, name) for found in value]
        if isinstance(value, str) and value.startswith("$"):
            return self._of_result(value)
        for argument, given in self.example.items():
            alike = argument == name or (isinstance(value, str) and len(value) >= MIN_KEY_CHARS)
            if value == given and alike:
                return self._of_call(argument, _same)
        if name not in CONSTANTS:
            self.open = f"its example needs a value that the call does not hold ({name})"
        return value

    def expected(self, value: Json) -> Json:
        """Return the expected result of the second call: that of the example, its arguments replaced by the call's."""
        if isinstance(value, dict):
            return {inner: self.expected(found) for inner, found in value.items()}
        if isinstance(value, list):
            return [self.expected(found) for found in value]
        if not isinstance(value, bool):
            for form in _FORMS:
                for argument, given in self.example.items():
                    if value == form(given):
                        return self._of_call(argument, form)
        if isinstance(value, str) and len(value) >= MIN_KEY_CHARS:
            self.open = "its example gives a value that the call does not hold"
        return value

    def _of_result(self, path: str) -> Json:
        if path == "$result" and not (isinstance(self.result, dict) and "result" in self.result):
            return self.result
        found = at(self.result, path[1:].split("."))
        if found is None:
            self.open = f"its result has no {path[1:]}"
        return found

    def _of_call(self, argument: str, form: Callable[[Json], Json]) -> Json:
        if argument not in self.args:
            self.open = f"{argument} was left to its default"
            return None
        formed = form(self.args[argument])
        if formed is None:
            self.open = f"{argument} is written in a form that is not read here"
        return formed


def _same(value: Json) -> Json:
    return value


def _hex(value: Json) -> Json:
    """Return the hex of an argument of bytes (`utf8:...`, or hex), None for other values."""
    if not isinstance(value, str):
        return None
    if value.startswith("utf8:"):
        return value[len("utf8:") :].encode("utf-8", "surrogatepass").hex()
    lower = value.lower().removeprefix("hex:").removeprefix("0x")
    return lower if len(lower) % 2 == 0 and all(sign in "0123456789abcdef" for sign in lower) else None


def _digits(value: Json) -> Json:
    """Return a whole number as the calculator writes it, None for other values."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    if text.lower().startswith("0x"):
        return str(int(text, 16)) if all(sign in "0123456789abcdef" for sign in text[2:].lower()) and text[2:] else None
    return text if text.removeprefix("-").isdigit() else None


_FORMS = (_same, _hex, _digits)


def at(value: Json, names: Sequence[str], missing: Json = None) -> Json:
    """Return the part of `value` at a path of members and list places, or `missing`."""
    for name in names:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return missing
    return value


def parts(op: str, args: Json, answer: Mapping[str, Json]) -> Iterator[tuple[str, Json, Mapping[str, Json]]]:
    """Yield op, arguments and answer of a call; for a `batch`, those of its parts."""
    result: Json = answer.get("result")
    answers = result.get("answers") if op == "batch" and isinstance(result, dict) else None
    requests = args.get("requests") if isinstance(args, dict) else None
    if not isinstance(answers, list) or not isinstance(requests, list):
        yield op, args, answer
        return
    for request, inner in zip(requests, answers, strict=False):
        if isinstance(request, dict) and isinstance(inner, dict):
            yield str(request.get("op")), request.get("args", {}), inner
