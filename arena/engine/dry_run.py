"""What --dry-run says instead of playing: the plan, and upper bounds of calls, tokens and cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arena.engine.session import Run
from arena.families.contract import Bounds
from arena.families.spec import Need
from arena.formats.tables import text_table
from arena.play.bounds import CallBounds
from arena.play.context import Model
from arena.records import Json
from arena.settings.prices import FREE, Price


def dry_run_text(run: Run) -> str:
    """Return the plan as text: who plays, how much, and upper bounds of calls, tokens and cost."""
    family, words = run.family, run.family.spec.words
    bounds = family.bounds(run.request.config)
    planned = run.planned - len(family.carried_over)
    prices = dearest(run.cast.players()), dearest(run.cast.panel)
    rows: list[list[Json]] = [
        *_who(run),
        [words.trials, str(planned)],
        [words.units, str(len({trial.unit for trial in family.trials()}))],
        ["calls, if every answer is usable", f"{bounds.players.usual + bounds.judge.usual:,}"],
        ["calls, upper bound", f"{bounds.players.calls + bounds.judge.calls:,}"],
        *token_rows(bounds, prices, run.cast.unpriced, run.tools is not None),
        *([name, text] for name, text in bounds.rows),
    ]
    return text_table(["dry run: nothing is played", ""], rows)


def _who(run: Run) -> list[list[Json]]:
    cast, spec = run.cast, run.family.spec
    rows: list[list[Json]] = []
    if cast.default is not None:
        rows.append(["players", cast.default.label])
    rows += [[f"player of {seat}", model.label] for seat, model in cast.by_seat.items()]
    named = {model.label for model in (cast.default, *cast.by_seat.values()) if model is not None}
    others = [label for label in cast.roster if label not in named]
    if others:
        rows.append(["models", ", ".join(others)])
    if run.identity.models.judge is not None:
        rows.append(["judge", run.identity.models.judge])
    if spec.tools is not Need.NONE:
        rows.append(["calculator", run.identity.calculator["provider"]])
    return rows


def token_rows(bounds: Bounds, prices: tuple[Price, Price], unpriced: Sequence[str], tools: bool) -> list[list[Json]]:
    """Return the rows about tokens and cost; `bounds.missing` names the settings without which there are none.

    `prices`: of players and judge, the highest of each.  `unpriced`: models without a price.  `tools`: whether answers
    of tools come on top.
    """
    if bounds.missing:
        return [
            ["tokens, upper bound", f"none without {' and '.join(bounds.missing)}"],
            ["cost, upper bound", "none without a bound of tokens; --max-cost-usd stops a run"],
        ]
    prompt = (bounds.players.prompt_tokens or 0) + (bounds.judge.prompt_tokens or 0)
    completion = (bounds.players.completion_tokens or 0) + (bounds.judge.completion_tokens or 0)
    beside = " (beside the answers of tools)" if tools else ""
    cost = _cost(bounds.players, prices[0]) + _cost(bounds.judge, prices[1])
    known = f"no price for {', '.join(unpriced)} (--prices)" if unpriced else f"${cost:,.2f}{beside}"
    return [
        ["prompt tokens, upper bound", f"{prompt:,}{beside}"],
        ["completion tokens, upper bound", f"{completion:,}"],
        ["cost, upper bound", known],
    ]


def _cost(bounds: CallBounds, price: Price) -> float:
    return price.cost(bounds.prompt_tokens or 0, bounds.completion_tokens or 0)


def dearest(models: Iterable[Model]) -> Price:
    """Return the highest price among models; free where there are none."""
    return max((model.price for model in models), key=lambda price: price.completion, default=FREE)
