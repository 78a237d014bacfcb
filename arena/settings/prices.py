"""Prices per model, for costs and the cost ceiling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats.simpleyaml import load
from arena.records import Json

UNIT = "usd_per_million_tokens"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


FREE = Price(0.0, 0.0)


def load_prices(path: Path) -> dict[str, Price]:
    """Return `provider/model` -> Price from a YAML file.

    The file holds `version: 1`, `unit: usd_per_million_tokens` and `models`, a mapping of `provider/model` to
    `{prompt: X, completion: Y}`. Errors: DataError with all issues.
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
        if not isinstance(row, dict) or not {"prompt", "completion"} <= row.keys():
            issues.append(Issue(str(path), pointer, "expected {prompt: X, completion: Y}"))
            continue
        if not all(_is_price(row[part]) for part in ("prompt", "completion")):
            issues.append(Issue(str(path), pointer, "prices are numbers of 0 or more"))
            continue
        prices[name] = Price(float(row["prompt"]), float(row["completion"]))
    if issues:
        raise DataError(issues)
    return prices


def _is_price(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
