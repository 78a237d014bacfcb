"""Computes tests/data/statistics/reference.json with SciPy and statsmodels; run by hand, never by the tests.

    python3 -m venv /somewhere && /somewhere/bin/pip install scipy==1.17.1 statsmodels==0.15.0
    PYTHONPATH=. /somewhere/bin/python tests/data/statistics/make_reference.py

Of the project only `arena.bootstrap.resampled_indices` is used, so that both sides see the same resamples.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import scipy
import statsmodels
import statsmodels.formula.api as smf
from arena.bootstrap import resampled_indices
from scipy import stats
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

OUT = Path(__file__).with_name("reference.json")
RESAMPLES, SEED = 2000, "reference"

SAMPLES: dict[str, list[float]] = {
    "grades": [0, 1, -1, 2, 0, 0, 3, -2, 1, 1, 0, 4, -1, 2, 1, 0, 1, -3, 2, 1],
    "skewed": [0.1, 0.4, 3.9, 0.2, 7.7, 0.05, 1.3, 0.6, 0.9, 0.3, 12.5, 0.7, 2.1, 0.15, 1.1],
    "zero_one": [1, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1],
}
CLUSTERED = [[1, 2, 1], [0, 0], [-1, 2, 0, 1], [3], [1, 1, 2], [-2, 0], [0, 1, 1, 1], [2, 3]]


def bootstrap_rows() -> list[dict[str, Any]]:
    """Percentile and BCa intervals of the mean over given resamples: plain samples, then clusters as a ratio."""
    rows = []
    for name, values in SAMPLES.items():
        found = _intervals((np.array(values),), _mean)
        rows.append({"name": name, "sums": values, "sizes": [1] * len(values), **found})
    sums = np.array([sum(v) for v in CLUSTERED], float)
    sizes = np.array([len(v) for v in CLUSTERED], float)
    found = _intervals((sums, sizes), lambda s, n, axis=-1: s.sum(axis=axis) / n.sum(axis=axis), paired=True)
    rows.append({"name": "clustered", "sums": sums.tolist(), "sizes": [int(n) for n in sizes], **found})
    return rows


def _mean(values: Any, axis: int = -1) -> Any:
    return np.mean(values, axis=axis)


def _intervals(data: tuple[Any, ...], statistic: Any, paired: bool = False) -> dict[str, Any]:
    table = np.array(list(resampled_indices(len(data[0]), RESAMPLES, SEED)))
    distribution = statistic(*(column[table] for column in data), axis=-1)
    found = {}
    for method in ("percentile", "BCa"):
        result = stats.bootstrap(
            data, statistic, n_resamples=0, confidence_level=0.95, method=method, paired=paired, vectorized=True,
            bootstrap_result=SimpleNamespace(bootstrap_distribution=distribution),
        ).confidence_interval  # fmt: skip
        found[method.lower()] = [float(result.low), float(result.high)]
    return found


def sign_flip_rows() -> list[dict[str, Any]]:
    """Exact sign-flip tests of the sum."""
    cases = [[1, -1, 2, 3], [0, 0, 5, -1, 2, 2, 1], SAMPLES["grades"][:14], [0.5, 1.25, -0.1, 2.2, 0.3, -0.7, 1.9]]
    rows = []
    for values in cases:
        found = stats.permutation_test(
            (np.array(values, float),), lambda x, axis: x.sum(axis=axis), permutation_type="samples",
            n_resamples=np.inf, vectorized=True,
        )  # fmt: skip
        rows.append({"values": values, "p": float(found.pvalue)})
    return rows


def mcnemar_rows() -> list[dict[str, Any]]:
    """Exact McNemar by statsmodels; mid-p by its definition from SciPy's binomial distribution."""
    rows = []
    for gained, lost in ((0, 0), (1, 0), (6, 2), (2, 6), (5, 5), (40, 21), (0, 12)):
        exact = mcnemar(np.array([[9, gained], [lost, 7]]), exact=True).pvalue if gained + lost else 1.0
        n, less = gained + lost, min(gained, lost)
        mid = 2 * (stats.binom.cdf(less, n, 0.5) - stats.binom.pmf(less, n, 0.5) / 2)
        rows.append({"gained": gained, "lost": lost, "exact": float(exact), "mid_p": float(min(1.0, mid))})
    return rows


def wilson_rows() -> list[dict[str, Any]]:
    cases = ((0, 1), (1, 1), (3, 7), (0, 12), (50, 72), (999, 1000))
    return [{"k": k, "n": n, "ci": [float(v) for v in proportion_confint(k, n, 0.05, "wilson")]} for k, n in cases]


def holm_rows() -> list[dict[str, Any]]:
    cases = ([0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.001, 0.9, 0.04, 0.04], [1.0, 1.0], [0.0, 0.02, 0.6])
    return [{"p": p, "adjusted": [float(v) for v in multipletests(p, method="holm")[1]]} for p in cases]


def power_rows() -> list[dict[str, Any]]:
    cases = ((0.3, 20, 0.05), (0.5, 5, 0.01), (1.2, 3, 0.05), (0.1, 300, 0.004), (0.4, 72, 0.05), (0.0, 30, 0.05))
    return [{"effect": d, "n": n, "alpha": a, "power": float(TTestPower().power(d, n, a))} for d, n, a in cases]


def student_rows() -> list[dict[str, Any]]:
    cases = ((0.3, 1), (-2.5, 4), (1.96, 71), (0.0, 9), (6.0, 2.5))
    shares = ((0.975, 1), (0.995, 11), (0.02, 30))
    return [
        *({"t": t, "df": df, "cdf": float(stats.t.cdf(t, df))} for t, df in cases),
        *({"share": q, "df": df, "t": float(stats.t.ppf(q, df))} for q, df in shares),
    ]


def variance_rows() -> dict[str, Any]:
    """Balanced: REML (equal to ANOVA where no estimate is negative). Unbalanced: mean squares of statsmodels' ANOVA and
    Searle's coefficients, written out here with NumPy."""
    rng = np.random.default_rng(20)
    balanced = []
    for _ in range(12):
        challenge = rng.normal(3, 1)
        for match in challenge + rng.normal(0, 0.8, 4):
            balanced.append([float(round(v, 3)) for v in match + rng.normal(0, 0.5, 3)])
    rows = [(i // 4, i, value) for i, match in enumerate(balanced) for value in match]
    frame = pd.DataFrame(rows, columns=["challenge", "match", "y"])
    fit = smf.mixedlm("y ~ 1", frame, groups="challenge", re_formula="1", vc_formula={"m": "0 + C(match)"}).fit(
        reml=True, method=["lbfgs", "powell"]
    )
    unbalanced = [[4, 5, 3], [2, 2], [5], [1, 3, 2, 2], [4, 4, 5], [3, 1]]
    rows = [(i, float(value)) for i, values in enumerate(unbalanced) for value in values]
    frame = pd.DataFrame(rows, columns=["challenge", "y"])
    table = anova_lm(smf.ols("y ~ C(challenge)", frame).fit())
    between, within = table["mean_sq"]["C(challenge)"], table["mean_sq"]["Residual"]
    sizes = frame.groupby("challenge").size()
    n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    return {
        "balanced": {
            "matches": balanced, "per_challenge": 4, "challenge": float(fit.cov_re.iloc[0, 0]),
            "repetition": float(fit.vcomp[0]), "judge": float(fit.scale),
        },
        "unbalanced": {"values": unbalanced, "challenge": float((between - within) / n0), "repetition": float(within)},
    }  # fmt: skip


def effect_rows() -> list[dict[str, Any]]:
    rows = []
    for values in SAMPLES.values():
        x = np.array(values, float)
        d, df = x.mean() / x.std(ddof=1), len(x) - 1
        j = np.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
        rows.append({"values": values, "d_z": float(d), "g_z": float(d * j)})
    return rows


def _by_line(found: dict[str, Any]) -> str:
    """Return JSON with one line for each row."""
    parts = []
    for name, rows in found.items():
        if isinstance(rows, list):
            lines = ",\n  ".join(json.dumps(row) for row in rows)
            parts.append(f"{json.dumps(name)}: [\n  {lines}\n ]")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(rows)}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def main() -> None:
    found = {
        "versions": {
            "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__, "pandas": pd.__version__,
        },
        "resamples": RESAMPLES, "seed": SEED, "bootstrap": bootstrap_rows(), "sign_flip": sign_flip_rows(),
        "mcnemar": mcnemar_rows(), "wilson": wilson_rows(), "holm": holm_rows(), "power": power_rows(),
        "student": student_rows(), "variance": variance_rows(), "effect": effect_rows(),
    }  # fmt: skip
    OUT.write_text(_by_line(found), encoding="utf-8")


if __name__ == "__main__":
    main()
