"""Prices per model, for costs and the cost limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats.simpleyaml import load
from arena.messages import Usage
from arena.records import Json

UNIT = "usd_per_million_tokens"


REQUIRED = ("prompt", "completion")
OPTIONAL = ("cached_prompt", "cache_write")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens.

    `cached_prompt`: for prompt tokens read from a cache; `cache_write`: for those written to one.
    None: as `prompt`.
    """

    prompt: float
    completion: float
    cached_prompt: float | None = None
    cache_write: float | None = None

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Return the dollars of a call without a cache."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6

    def of(self, usage: Usage) -> float:
        """Return the dollars for the usage of a call."""
        read, written = usage.cached_prompt_tokens, usage.cache_write_tokens
        if not read and not written:
            return self.cost(usage.prompt_tokens, usage.completion_tokens)
        plain = max(0, usage.prompt_tokens - read - written)
        cached = self.prompt if self.cached_prompt is None else self.cached_prompt
        writing = self.prompt if self.cache_write is None else self.cache_write
        return self.cost(plain, usage.completion_tokens) + (cached * read + writing * written) / 1e6

    @property
    def dearest_prompt(self) -> float:
        """The highest price of a prompt token: a write to a cache may cost more than a plain token."""
        return max(self.prompt, self.cached_prompt or 0.0, self.cache_write or 0.0)

    def times(self, share: float) -> Price:
        """Return this share of the price; FREE stays FREE."""
        if self is FREE:
            return self
        read, written = self.cached_prompt, self.cache_write
        return Price(
            self.prompt * share,
            self.completion * share,
            None if read is None else read * share,
            None if written is None else written * share,
        )

    def to_json(self) -> dict[str, Json]:
        """Return the prices by name, without those that equal `prompt`."""
        named = {name: getattr(self, name) for name in (*REQUIRED, *OPTIONAL)}
        return {name: price for name, price in named.items() if price is not None}

    @staticmethod
    def from_json(row: Mapping[str, Json]) -> Price:
        """Return what `to_json` wrote. Errors: KeyError, TypeError, ValueError for what it did not."""
        optional = {name: float(row[name]) for name in OPTIONAL if row.get(name) is not None}
        return Price(float(row["prompt"]), float(row["completion"]), **optional)


FREE = Price(0.0, 0.0)


def load_prices(path: Path) -> dict[str, Price]:
    """Return `provider/model` -> Price from a YAML file.

    The file holds `version: 1`, `unit: usd_per_million_tokens` and `models`, a mapping of `provider/model` to
    `{prompt: X, completion: Y}`, with `cached_prompt` and `cache_write` where they differ from `prompt`.
    Errors: DataError with all issues.
    """
    data = load(path)
    issues: list[Issue] = []
    if not isinstance(data, dict) or data.get("version") != 1 or data.get("unit") != UNIT:
        raise DataError([Issue(str(path), "/", f"expected version: 1, unit: {UNIT} and models")])
    models = data.get("models") or {}
    if not isinstance(models, dict):
        raise DataError([Issue(str(path), "/models", "expected a mapping of provider/model to prices")])
    prices: dict[str, Price] = {}
    for name, row in models.items():
        pointer = "/models/" + str(name).replace("~", "~0").replace("/", "~1")
        if not isinstance(row, dict) or not set(REQUIRED) <= row.keys():
            issues.append(Issue(str(path), pointer, "expected {prompt: X, completion: Y}"))
            continue
        if unknown := sorted(str(part) for part in row.keys() - {*REQUIRED, *OPTIONAL}):
            known = ", ".join((*REQUIRED, *OPTIONAL))
            issues.append(Issue(str(path), pointer, f"there is no price {unknown[0]!r}; there are: {known}"))
            continue
        if not all(_is_price(price) for price in row.values()):
            issues.append(Issue(str(path), pointer, "prices are numbers of 0 or more"))
            continue
        prices[name] = Price.from_json(row)
    if issues:
        raise DataError(issues)
    return prices


def _is_price(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
