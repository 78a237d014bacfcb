"""Usage of the matches of a run, by model and part, and its cost by the prices of the run.

Counted from the records, so calls of plays that were broken off and played again are not in it; the cost that a run
states for itself (summary.json) holds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from arena.messages import Usage
from arena.records import Counters, Json, Record
from arena.settings.prices import Price
from arena.store.manifest import Models

JUDGES = "judge"
PLAYERS = "players"


@dataclass(frozen=True, slots=True)
class Spent:
    """The usage of one match. `dollars` is None if a model that played or judged has no price."""

    turns: int
    tool_calls: int
    tokens: int
    dollars: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One model in one part of the run. Dollars by part of the bill: prompt, cached, written, completion; reasoning
    tokens are among the completion tokens. None: no price."""

    part: str
    model: str
    used: Counters
    dollars: tuple[float, float, float, float] | None


class Bill:
    """Adds up the usage of models. `cost`: the member `cost_usd` of summary.json, None if there is no summary."""

    def __init__(self, models: Models, cost: Json) -> None:
        self._models = models
        self._judge = ", ".join(dict.fromkeys(models.judges)) or "judge"
        self._prices = _prices(cost)
        self.used: dict[tuple[str, str], Counters] = {}

    @property
    def priced(self) -> bool:
        """Return whether any model has a price; otherwise dollars mean nothing."""
        return bool(self._prices)

    def add(self, record: Record) -> None:
        """Count one record."""
        for part, model, counters in self._parts(record):
            self.used.setdefault((part, model), Counters()).add(counters)

    def of(self, record: Record) -> Spent:
        """Return the usage of one match."""
        parts = list(self._parts(record))
        amounts = [self._dollars(model, used) for _, model, used in parts if used.calls]
        return Spent(
            turns=sum(entry.kind == "say" for entry in record.transcript.entries),
            tool_calls=sum(used.tool_calls for _, _, used in parts),
            tokens=sum(used.prompt_tokens + used.completion_tokens for _, _, used in parts),
            dollars=None if None in amounts else sum(sum(one) for one in amounts if one is not None),
        )

    def lines(self) -> list[Line]:
        """Return one line per part and model, players first."""
        found = sorted(self.used.items(), key=lambda one: (one[0][0] == JUDGES, one[0][1]))
        return [Line(part, model, used, self._dollars(model, used)) for (part, model), used in found if used.calls]

    def total(self, part: str) -> Counters:
        """Return the usage of all models of a part."""
        whole = Counters()
        for (one, _), used in self.used.items():
            if one == part:
                whole.add(used)
        return whole

    def _parts(self, record: Record) -> Iterator[tuple[str, str, Counters]]:
        for seat, used in record.transcript.usage.items():
            yield PLAYERS, record.trial.cast.get(seat) or self._models.player(seat) or seat, used
        yield JUDGES, self._judge, record.score.judging.usage

    def _dollars(self, model: str, used: Counters) -> tuple[float, float, float, float] | None:
        price = self._prices.get(model)
        if price is None:
            return None
        read, written = used.cached_prompt_tokens, used.cache_write_tokens
        plain = max(0, used.prompt_tokens - read - written)
        parts = (
            Usage(prompt_tokens=plain),
            Usage(prompt_tokens=read, cached_prompt_tokens=read),
            Usage(prompt_tokens=written, cache_write_tokens=written),
            Usage(completion_tokens=used.completion_tokens),
        )
        a, b, c, d = (price.of(part) for part in parts)
        return a, b, c, d


def _prices(cost: Json) -> Mapping[str, Price]:
    """Return the prices in a summary, without invalid ones."""
    rows = cost.get("prices") if isinstance(cost, dict) else None
    found = {}
    for model, row in rows.items() if isinstance(rows, dict) else ():
        try:
            found[str(model)] = Price.from_json(row)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return found
