"""Computes tests/data/statistics/agreement.json with krippendorff and scikit-learn; run by hand, never by the tests.

    python3 -m venv /somewhere && /somewhere/bin/pip install krippendorff==0.9.0 scikit-learn==1.9.1
    /somewhere/bin/python tests/data/statistics/make_agreement.py

Nothing of the project is used. `null` is a judgement that could not be read.
"""

from __future__ import annotations

import json
import platform
import random
from importlib.metadata import version
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

OUT = Path(__file__).with_name("agreement.json")
GRADES = [1, 2, 3, 4, 5]


def noisy(raters: int, units: int, missing: float, seed: int) -> list[list[int | None]]:
    """Grades of `raters` who see one truth each unit with noise; some are missing."""
    draw = random.Random(seed).random
    rows: list[list[int | None]] = [[] for _ in range(raters)]
    for _ in range(units):
        truth = 1 + int(draw() * 5)
        for row in rows:
            grade = min(5, max(1, truth + int(draw() * 3) - 1))
            row.append(None if draw() < missing else grade)
    return rows


# The worked example of Krippendorff (2011): four observers, twelve units, missing values.
KRIPPENDORFF: list[list[int | None]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
DATA: dict[str, list[list[int | None]]] = {
    "krippendorff_2011": KRIPPENDORFF,
    "two_judges": noisy(2, 30, 0.0, 1),
    "two_judges_missing": noisy(2, 40, 0.2, 2),
    "five_judgements": noisy(5, 25, 0.1, 3),
    "opposed": [[1, 2, 3, 4, 5, 1, 5], [5, 4, 3, 2, 1, 5, 1]],
    "few_grades": [[4, 4, 5, 4, 5, 5], [4, 5, 5, 4, 5, 4]],
    "gap": [[1, 1, 5, 5, 5, 1], [1, 5, 5, 5, 5, 1]],
}


def alpha_rows() -> list[dict[str, Any]]:
    rows = []
    for name, data in DATA.items():
        table = np.array([[np.nan if v is None else v for v in row] for row in data], float)
        found = {m: float(krippendorff.alpha(table, level_of_measurement=m)) for m in ("ordinal", "interval")}
        rows.append({"name": name, "data": data, **found})
    return rows


def kappa_rows() -> list[dict[str, Any]]:
    rows = []
    for name, data in DATA.items():
        pairs = [(a, b) for a, b in zip(data[0], data[1], strict=True) if a is not None and b is not None]
        first, second = zip(*pairs, strict=True)
        found = float(cohen_kappa_score(first, second, labels=GRADES, weights="quadratic"))
        rows.append({"name": name, "first": list(first), "second": list(second), "kappa": found})
    return rows


if __name__ == "__main__":
    versions = {name: version(name) for name in ("krippendorff", "scikit-learn", "numpy")}
    whole = {
        "versions": {**versions, "python": platform.python_version()},
        "alpha": alpha_rows(),
        "kappa": kappa_rows(),
    }
    OUT.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
