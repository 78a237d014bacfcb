"""The instance of a challenge: the values that one trial draws, their owners, and the right result.

The member `instance` of a challenge (docs/challenges.md) defines them; `draw_values` makes the values of one trial from
its seed. All functions take an `instance` object that the schema has checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from arena.errors import DataError, Issue
from arena.families.crypto.challenges.draws import CALCULATOR, CASE, KINDS, DrawError, Stream, is_reference, needs
from arena.families.crypto.challenges.expressions import ExpressionError, names_in
from arena.families.crypto.challenges.prepared import evaluated
from arena.families.crypto.challenges.readable import shown
from arena.families.crypto.challenges.same import Same
from arena.formats.json_text import ascii_json, compact_json
from arena.records import Json

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""A value's place in a text of the challenge: `{price}`."""

_VALUES = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
VALUES_HEADER = "Your values (JSON):\n"
"""Heading of the section with a role's values in its system prompt, one line of JSON with sorted keys."""

AGREED = "agreed"
"""`{"agreed": true}` as truth: the right result is whatever all agree on. An optional `among` lists possible
results."""

DRAWN = "drawn"
"""Member of an agreed truth: how the result follows from a draw that the record shows."""

Ask = Callable[[str, str, dict[str, Json]], Json]
"""(value's name, op, args) -> the result of the calculator, for draws of the kind `calculator`."""


def drawing_order(specs: Mapping[str, Json]) -> list[str] | None:
    """Return the values' names, each after those that it needs, otherwise sorted; None if they need each other in a
    circle.

    A need that names no value is ignored here: the schema reports it.
    """
    ordered: list[str] = []
    state: dict[str, int] = {}

    def visit(name: str) -> bool:
        if state.get(name) == 1:
            return False
        if name not in state:
            state[name] = 1
            if not all(visit(need) for need in sorted(set(needs(specs[name]))) if need in specs):
                return False
            state[name] = 2
            ordered.append(name)
        return True

    return ordered if all(visit(name) for name in sorted(specs)) else None


def draw_values(
    instance: Mapping[str, Json], seed: str, ask: Ask, order: Sequence[str] | None = None
) -> dict[str, Json]:
    """Return name -> value for one trial.

    `seed`: its 64 hex digits. `ask`: answers draws by the calculator, in drawing order. `order`: the instance's
    `drawing_order`, if the caller already has it. Errors: DataError for a draw that cannot be made; the exceptions of
    `ask`.
    """
    specs = instance["values"]
    values: dict[str, Json] = {}
    for name in order or drawing_order(specs) or ():
        spec = specs[name]
        try:
            if spec["draw"] == CALCULATOR:
                values[name] = _calculated(name, spec, values, ask)
            else:
                values[name] = KINDS[spec["draw"]].draw(spec, Stream(seed, name), values)
        except DrawError as error:
            raise DataError([Issue("instance", f"/values/{name}", f"cannot be drawn: {error}")]) from None
    return {name: values[name] for name in sorted(values)}


def _calculated(name: str, spec: Mapping[str, Json], values: Mapping[str, Json], ask: Ask) -> Json:
    args = {key: values[value[1:-1]] if is_reference(value) else value for key, value in spec["args"].items()}
    found = ask(name, spec["op"], args)
    if "get" not in spec:
        return found
    if not isinstance(found, dict) or spec["get"] not in found:
        raise DrawError(f"the result of {spec['op']} has no member {spec['get']!r}")
    return found[spec["get"]]


def needs_calculator(instance: Mapping[str, Json]) -> bool:
    """Return whether a value is drawn by the calculator."""
    return any(spec["draw"] == CALCULATOR for spec in instance["values"].values())


def known_names(instance: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the names of the values that every role is shown."""
    return tuple(instance.get("known", ()))


def own_names(instance: Mapping[str, Json], role: str) -> tuple[str, ...]:
    """Return the names of the values that a role is shown: those known to all and its own, sorted."""
    return _own_names(Same(instance), role)


@lru_cache(maxsize=2048)
def _own_names(of: Same, role: str) -> tuple[str, ...]:
    return tuple(sorted({*known_names(of.held), *of.held.get("own", {}).get(role, ())}))


def own_values(instance: Mapping[str, Json], role: str, values: Mapping[str, Json]) -> dict[str, Json]:
    """Return the values that a role is shown."""
    return {name: values[name] for name in own_names(instance, role)}


def values_line(own: Mapping[str, Json]) -> str:
    """Return a role's values as the line of its system prompt."""
    return _VALUES.encode(own)


def placeholders(text: str) -> Iterator[str]:
    """Yield the names of the placeholders in a text, in order."""
    return (match[1] for match in PLACEHOLDER.finditer(text))


def fill(text: str, values: Mapping[str, Json]) -> str:
    """Return a text with its placeholders replaced by the values, as people read them."""
    return text if "{" not in text else _filled(text, values, str)


def fill_written(text: str, values: Mapping[str, Json]) -> str:
    """Return a text as it stands inside a compact JSON string with its placeholders replaced, as `fill` does."""
    return text if "{" not in text else _filled(text, values, lambda one: compact_json(one)[1:-1])


def fill_json(text: str, values: Mapping[str, Json]) -> str:
    """Return a JSON text with the placeholders in its strings replaced by the values, as people read them."""
    return _filled(text, values, lambda one: ascii_json(one)[1:-1])


def _filled(text: str, values: Mapping[str, Json], write: Callable[[str], str]) -> str:
    pieces = list(_pieces(text))
    for place in range(1, len(pieces), 2):
        name = pieces[place]
        pieces[place] = write(shown(values[name])) if name in values else f"{{{name}}}"
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """Return a text of a challenge as what stands between its placeholders, and their names, in turn."""
    return tuple(PLACEHOLDER.split(text))


def is_agreement(truth: Json) -> bool:
    """Return whether the right result is whatever all agree on."""
    return isinstance(truth, dict) and AGREED in truth


def right_result(instance: Mapping[str, Json], values: Mapping[str, Json]) -> Json:
    """Return the right result; None if agreement alone decides. Errors: DataError if it cannot be computed."""
    return None if is_agreement(instance["truth"]) else _right_result(Same(instance), Same(values))


@lru_cache(maxsize=64)
def _right_result(of: Same, used: Same) -> Json:
    """Return the right result, computed once for all checks of a match."""
    try:
        return evaluated(of.held["truth"], used.held)
    except ExpressionError as error:
        raise DataError([Issue("instance", f"/truth{error.pointer}", error.problem)]) from None


def allowed_results(instance: Mapping[str, Json], values: Mapping[str, Json]) -> Json:
    """Return the list of possible results of an agreement, or None if any is possible."""
    truth = instance["truth"]
    if not is_agreement(truth) or "among" not in truth:
        return None
    try:
        return evaluated(truth["among"], values)
    except ExpressionError as error:
        raise DataError([Issue("instance", f"/truth/among{error.pointer}", error.problem)]) from None


def drawn_by(instance: Mapping[str, Json], values: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Return how the result of a match with these values follows from a draw; None if no draw decides it, as in a
    negative case."""
    truth, case = instance["truth"], drawn_case(instance, values)
    if not is_agreement(truth) or DRAWN not in truth or (case is not None and case.negative):
        return None
    found: Mapping[str, Json] = truth[DRAWN]
    return found


def says_of(truth: Json) -> Json:
    """Return the text for all roles that explains how the draw decides; None if there is none."""
    drawn = truth.get(DRAWN) if isinstance(truth, dict) else None
    return drawn.get("says") if isinstance(drawn, dict) else None


def deciding_names(instance: Mapping[str, Json]) -> frozenset[str]:
    """Return the names of the values that the truth depends on, directly or through computed values."""
    truth, specs = instance["truth"], instance["values"]
    expression = truth.get("among", True) if is_agreement(truth) else truth
    found: set[str] = set()
    left = [name for name in names_in(expression) if name in specs]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [need for need in needs(specs[name]) if need in specs]
    return frozenset(found)


class DrawnCase(NamedTuple):
    """The case of a trial: its label, and whether the right result is then a refusal or a no."""

    label: str
    negative: bool


def case_spec(instance: Mapping[str, Json]) -> tuple[str, Mapping[str, Json]] | None:
    """Return the name and the draw of the case; None if there is none."""
    return _case_spec(Same(instance))


@lru_cache(maxsize=2048)
def _case_spec(of: Same) -> tuple[str, Mapping[str, Json]] | None:
    return next(((name, spec) for name, spec in of.held["values"].items() if spec["draw"] == CASE), None)


def case_labels(instance: Mapping[str, Json]) -> tuple[str, ...]:
    """Return all labels of the case, the honest ones first; empty if there is none."""
    found = case_spec(instance)
    return () if found is None else (*found[1]["honest"], *found[1]["negative"])


def drawn_case(instance: Mapping[str, Json], values: Mapping[str, Json]) -> DrawnCase | None:
    """Return the case of a trial with these values; None for an instance without cases."""
    found = case_spec(instance)
    if found is None or found[0] not in values:
        return None
    name, spec = found
    return DrawnCase(values[name], values[name] in spec["negative"])


FOR_JUDGE = ("self_play", "participant_context", "judge")
"""Members of a challenge in which placeholders are replaced by the values before a judge reads them."""


def judged_instance(instance: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, Json]:
    """Return the member `instance` as a judge reads it: the owners of the values, which must stay secret (and until
    when), and the right result."""
    right, case = right_result(instance, values), drawn_case(instance, values)
    allowed = allowed_results(instance, values) if right is None else None
    if allowed is not None and len(allowed) == 1:
        right = allowed[0]
    return {
        **({} if case is None else {"case": case.label.replace("_", " ")}),
        "values": {role: own_values(instance, role, values) for role in instance.get("own", {})},
        "right_result": "whatever all roles agree on" if right is None else right,
        **{name: instance[name] for name in ("secret", "until") if instance.get(name)},
    }


def secrets_of(instance: Mapping[str, Json], role: str) -> Collection[str]:
    """Return the names of the values that a role must not show."""
    names: Collection[str] = instance.get("secret", {}).get(role, ())
    return names


def fixed_by(instance: Mapping[str, Json], name: str) -> frozenset[str] | None:
    """Return the roles that must each have shown something before a secret value may be revealed; None if it
    never may."""
    roles = instance.get("until", {}).get(name)
    return None if roles is None else frozenset(roles)
