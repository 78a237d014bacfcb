"""The text of --dry-run: the plan, and its calls, tokens and dollars. Nothing is played.

Two figures for each: an estimate from typical turns, and an upper bound. Nothing is asked, so no key is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from arena.engine.session import Run
from arena.families.contract import Bounds
from arena.families.spec import Need
from arena.formats.tables import join_lines, text_table
from arena.play.bounds import ASSUMED_ANSWER, DENSE_CHARS_PER_TOKEN, Amount, CallBounds
from arena.play.context import Model
from arena.play.limits import CHARS_PER_TOKEN
from arena.records import Json
from arena.settings.places import INSTALLED
from arena.settings.prices import FREE, Price

NOTE_WIDTH = 80

NO_BILL = (
    "No bill: these models cost nothing, and their tokens are an estimate (characters / 4). Name the models that you"
    " mean to play to see tokens and dollars; a dry run needs no key."
)


@dataclass(frozen=True, slots=True)
class Priced:
    """The bounds of players or judge, and the prices: model -> (price, share of the calls). `unpriced`: models without
    a price."""

    bounds: CallBounds
    prices: Mapping[str, tuple[Price, float]]
    unpriced: tuple[str, ...] = ()


def dry_run_text(run: Run) -> str:
    """Return the plan as text: who plays, how many trials, and their cost. The identity of the run is not read."""
    family, cast, words = run.family, run.cast, run.family.spec.words
    bounds = family.bounds(run.request.config)
    planned = run.planned - len(family.carried_over)
    rows: list[list[Json]] = [
        *_who(run),
        [words.trials, str(planned)],
        [words.units, str(len({trial.unit for trial in family.trials()}))],
        *([name, text] for name, text in bounds.rows),
    ]
    head = text_table(["dry run: nothing is played", ""], rows)
    players = Priced(bounds.players, _prices(cast.players(), _shares(run)), cast.unpriced)
    judge = Priced(bounds.judge, _prices(cast.panel, {}), cast.unpriced)
    billed = any(not model.provider.offline for model in cast.models())
    table = text_table(["", "estimate", "upper bound"], figures(players, judge, run.limits().as_mapping(), billed),
                       frozenset({1, 2}))  # fmt: skip
    prices = _shown(run.request.config.operation.prices)
    return join_lines([head, "", table, "", *notes(bounds, cast.unpriced, prices, billed)])


def _who(run: Run) -> list[list[Json]]:
    cast, spec, judges = run.cast, run.family.spec, run.request.judges()
    rows: list[list[Json]] = []
    if cast.default is not None:
        rows.append(["players", cast.default.label])
    rows += [[f"player of {seat}", model.label] for seat, model in cast.by_seat.items()]
    named = {model.label for model in (cast.default, *cast.by_seat.values()) if model is not None}
    others = [label for label in cast.roster if label not in named]
    if others:
        rows.append(["models", ", ".join(others)])
    if judges is not None:
        rows.append(["judge", str(judges)])
    if spec.tools is not Need.NONE:
        tools = run.request.config.tools
        rows.append(["calculator", "none" if tools is None else tools.provider])
    return rows


def _shares(run: Run) -> dict[str, float]:
    """Return model -> its share of the seats of the plan; empty if trials name no cast."""
    found: dict[str, float] = {}
    trials = 0
    for trial in run.trials():
        trials += bool(trial.cast)
        for label in trial.cast.values():
            found[label] = found.get(label, 0.0) + 1 / len(trial.cast)
    return {label: share / trials for label, share in found.items()}


def _prices(models: Iterable[Model], shares: Mapping[str, float]) -> dict[str, tuple[Price, float]]:
    """Return model -> price and share of the calls; without `shares` all models have equal ones."""
    found = list(models)
    out: dict[str, tuple[Price, float]] = {}
    for model in found:
        share = shares.get(model.label, 0.0) if shares else 1 / len(found)
        out[model.label] = model.price, share + (out[model.label][1] if not shares and model.label in out else 0.0)
    return out


def figures(players: Priced, judge: Priced, limits: Mapping[str, float], billed: bool) -> list[list[str]]:
    """Return the rows of calls, tokens and dollars: name, estimate, upper bound.

    `limits`: of the run; they cap the upper bound.  `billed`: some model is not free; otherwise only calls are shown.
    """
    expected = players.bounds.expected + judge.bounds.expected
    most = players.bounds.most + judge.bounds.most
    rows = [["calls", about(expected.calls), _capped(most.calls, limits, "calls")]]
    if not billed:
        return rows
    rows += [
        ["prompt tokens", about(expected.prompt_tokens),
         _capped(most.prompt_tokens, limits, "prompt_tokens", "total_tokens")],
        ["  sent before, cacheable", about(expected.repeated_tokens), ""],
        ["completion tokens", about(expected.completion_tokens),
         _capped(most.completion_tokens, limits, "completion_tokens", "total_tokens")],
    ]  # fmt: skip
    return rows + _dollars(players, judge, limits)


def _dollars(players: Priced, judge: Priced, limits: Mapping[str, float]) -> list[list[str]]:
    parts = (players, judge)
    prices = [price for part in parts for price, _ in part.prices.values()]
    unpriced = {label for part in parts for label in part.prices if label in part.unpriced}
    if unpriced and all(price == FREE for price in prices):
        return [["cost", "unknown", "unknown"]]
    more = " + unknown" if unpriced else ""
    plain = sum(_expected_cost(part, cached=False) for part in parts)
    cached = sum(_expected_cost(part, cached=True) for part in parts)
    most = [sum(_most_cost(part) for part in parts)]
    each = max(max(price.dearest_prompt, price.completion) for price in prices) / 1e6
    most += [limits[name] * each for name in ("total_tokens",) if name in limits]
    most += [limits[name] for name in ("cost_usd",) if name in limits]
    return [
        ["cost", f"${plain:,.2f}{more}", f"${min(most):,.2f}{more}"],
        ["  with a prompt cache", f"${cached:,.2f}{more}", ""],
    ]


def _expected_cost(part: Priced, cached: bool) -> float:
    amount = part.bounds.expected
    return sum(share * _cost(amount, price, cached) for price, share in part.prices.values())


def _most_cost(part: Priced) -> float:
    """Return the dollars if the most expensive model made every call at the highest price of a prompt token."""
    most = part.bounds.most
    dearest_prompt = max((price.dearest_prompt for price, _ in part.prices.values()), default=0.0)
    completion = max((price.completion for price, _ in part.prices.values()), default=0.0)
    return Price(dearest_prompt, completion).cost(most.prompt_tokens, most.completion_tokens)


def _cost(amount: Amount, price: Price, cached: bool) -> float:
    """Return the dollars of an amount; `cached`: text sent before is read from a cache, the rest is written to it."""
    repeated = amount.repeated_tokens if cached else 0.0
    read = price.prompt if price.cached_prompt is None else price.cached_prompt
    write = price.prompt if price.cache_write is None or not cached else price.cache_write
    new = amount.prompt_tokens - repeated
    return (new * write + repeated * read + amount.completion_tokens * price.completion) / 1e6


def _capped(value: float, limits: Mapping[str, float], *names: str) -> str:
    """Return the smaller of an upper bound and the limits of these names."""
    return f"{min([value, *(limits[name] for name in names if name in limits)]):,.0f}"


def about(value: float) -> str:
    """Return an estimate, rounded to three digits."""
    if value < 1000:
        return f"{value:,.0f}"
    step = 10 ** (math.floor(math.log10(value)) - 2)
    return f"{round(value / step) * step:,.0f}"


def notes(bounds: Bounds, unpriced: Sequence[str], prices: str, billed: bool) -> list[str]:
    """Return the assumptions behind the figures, in lines of NOTE_WIDTH; `prices`: the file of prices."""
    if not billed:
        return wrap(NO_BILL, NOTE_WIDTH)
    said = []
    if bounds.players.most.calls:
        said.append(
            f"Estimate: {bounds.typical.text}, {CHARS_PER_TOKEN} characters a token. A model that reasons writes"
            " several times as much."
        )
    said += [
        f"Upper bound: every turn, call and re-ask is used; {_longest(bounds)}; {DENSE_CHARS_PER_TOKEN} characters a"
        " token. Attempts that are repeated after an outage come on top; --max-cost-usd stops a run.",
    ]
    if unpriced:
        where = (
            "write it into a file of yours, and give that with --prices"
            if INSTALLED
            else (f"add it to {prices}, or give a file of yours with --prices")
        )
        said.append(f"No price for {', '.join(unpriced)}: {where}.")
    return [line for text in said for line in wrap(text, NOTE_WIDTH, break_on_hyphens=False, break_long_words=False)]


def _longest(bounds: Bounds) -> str:
    parts = []
    for part, who, flag in (
        (bounds.players, "an answer", "--max-tokens"), (bounds.judge, "a verdict", "--judge-max-tokens"),
    ):  # fmt: skip
        if part.most.calls:
            why = f" (assumed; {flag} sets it)" if part.assumed else ""
            parts.append(f"{part.reply_tokens:,} tokens {who}{why}")
    parts.append(f"{ASSUMED_ANSWER:,} for the results in a working step")
    return ", ".join(parts)


def _shown(path: Path) -> str:
    """Return a path relative to the working directory, if possible."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
