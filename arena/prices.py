"""Prices per model, for costs and the cost ceiling. Floor F1."""

from __future__ import annotations

from pathlib import Path

from arena.budget import Price
from arena.errors import DataError, Issue
from arena.records import Json
from arena.simpleyaml import load

UNIT = "usd_per_million_tokens"


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
