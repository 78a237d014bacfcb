"""The values of one trial, drawn at the start of play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.errors import ServiceFault, UsageError
from arena.families.crypto.challenges.instance import draw_values, needs_calculator
from arena.messages import Calculator, CallKey
from arena.play.services import SETUP_SEAT, Services, tool_seed
from arena.records import Json, Stop


def draw(
    challenge: Mapping[str, Json], seed: str, services: Services, order: Sequence[str] | None = None
) -> dict[str, Json] | None:
    """Return name -> value, or None for a challenge without an instance. `order`: as of `draw_values`.

    Values that need the calculator are drawn through `services.tool` under SETUP_SEAT: journaled, seeded and replayed
    like any call; their order is the drawing order. Errors: those of the services, ServiceFault if there is no
    calculator or it refuses the call, DataError for a draw that cannot be made.
    """
    instance = challenge.get("instance")
    if instance is None:
        return None
    made = 0

    def ask(name: str, op: str, args: dict[str, Json]) -> Json:
        nonlocal made
        if not services.has_tools:
            raise ServiceFault(Stop.CALCULATOR, f"the value {name!r} is drawn by the calculator, and this run has none")
        answer = services.tool(SETUP_SEAT, 0, 0, made, op, args).answer
        made += 1
        if answer.get("ok") is not True:
            error = answer.get("error", {})
            raise ServiceFault(Stop.CALCULATOR, f"the value {name!r}: {op} answered {error.get('code')}: "
                               f"{error.get('message')}")  # fmt: skip
        return answer["result"]

    return draw_values(instance, seed, ask, order)


def draw_alone(challenge: Mapping[str, Json], seed: str, key: str, calculator: Calculator) -> dict[str, Json] | None:
    """Return the values of a trial outside a match, equal to those of `draw` in a run; None without an instance.

    `seed`, `key`: of the trial. Errors: UsageError if the calculator refuses a call.
    """
    instance = challenge.get("instance")
    if instance is None:
        return None
    made = 0

    def ask(name: str, op: str, args: dict[str, Json]) -> Json:
        nonlocal made
        answer = calculator.call(op, args, tool_seed(seed, CallKey(key, 0, SETUP_SEAT, 0, 0), made)).answer
        made += 1
        if answer.get("ok") is not True:
            error = answer.get("error", {})
            raise UsageError(f"{challenge['id']}: the value {name!r}: {op} answered {error.get('code')}: "
                             f"{error.get('message')}")  # fmt: skip
        return answer["result"]

    return draw_values(instance, seed, ask)


def guess(challenge: Mapping[str, Json], seed: str) -> dict[str, Json] | None:
    """Return a trial's values without a calculator, to bound the length of prompts.

    None for a challenge without an instance, and for one whose values need the calculator: there the template, with
    the values' names, has to do.
    """
    instance = challenge.get("instance")
    if instance is None or needs_calculator(instance):
        return None
    return draw_values(instance, seed, _no_calculator)


def _no_calculator(name: str, op: str, args: dict[str, Json]) -> Json:
    raise AssertionError("only called if no value needs the calculator")
