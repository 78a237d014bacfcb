"""The statistics against values that SciPy and statsmodels gave once (tests/data/statistics/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.stats.bootstrap import Column, intervals, replicates, resampled_indices
from arena.stats.intervals import student_t_cdf, student_t_quantile, wilson
from arena.stats.paired_tests import holm, mcnemar, paired_effect, sign_flip
from arena.stats.power import detectable_effect, paired_power
from arena.stats.reliability import NestedSums, components

FOUND: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "data/statistics/reference.json").read_text("utf-8")
)


def rows(name: str) -> list[dict[str, Any]]:
    assert FOUND[name], name
    return list(FOUND[name])


def test_the_reference_names_its_versions() -> None:
    assert {"scipy", "statsmodels", "numpy"} <= set(FOUND["versions"])


@pytest.mark.parametrize("row", rows("bootstrap"), ids=lambda row: row["name"])
def test_percentile_and_bca_are_those_of_scipy_on_the_same_resamples(row: dict[str, Any]) -> None:
    column = Column(row["sums"], row["sizes"])
    draws = resampled_indices(len(row["sums"]), FOUND["resamples"], FOUND["seed"])
    found = intervals(column, replicates([column], draws)[0])
    assert found.percentile == pytest.approx(row["percentile"], abs=1e-12)
    assert found.bca == pytest.approx(row["bca"], abs=1e-9)


@pytest.mark.parametrize("row", rows("sign_flip"), ids=lambda row: str(len(row["values"])))
def test_sign_flips_are_exact(row: dict[str, Any]) -> None:
    found = sign_flip(row["values"], 10, 0)
    assert (found.p, found.method) == (pytest.approx(row["p"], abs=1e-15), "exact")
    # Integers go by the shift algorithm, the same numbers as floats by enumeration.
    assert sign_flip([float(value) for value in row["values"]], 10, 0).p == pytest.approx(row["p"], abs=1e-15)


@pytest.mark.parametrize("row", rows("mcnemar"), ids=lambda row: f"{row['gained']}-{row['lost']}")
def test_mcnemar_is_exact_and_mid_p(row: dict[str, Any]) -> None:
    found = mcnemar(row["gained"], row["lost"])
    assert found.exact == pytest.approx(row["exact"], abs=1e-12)
    if row["gained"] != row["lost"]:
        assert found.mid_p == pytest.approx(row["mid_p"], abs=1e-12)


@pytest.mark.parametrize("row", rows("wilson"), ids=lambda row: f"{row['k']}-of-{row['n']}")
def test_wilson_is_that_of_statsmodels(row: dict[str, Any]) -> None:
    assert wilson(row["k"], row["n"]) == pytest.approx(row["ci"], abs=1e-12)


@pytest.mark.parametrize("row", rows("holm"), ids=lambda row: str(len(row["p"])))
def test_holm_is_that_of_statsmodels(row: dict[str, Any]) -> None:
    assert holm(row["p"]) == pytest.approx(row["adjusted"], abs=1e-15)


@pytest.mark.parametrize("row", rows("power"), ids=lambda row: f"{row['effect']}-{row['n']}")
def test_power_is_that_of_statsmodels_and_the_detectable_effect_has_it(row: dict[str, Any]) -> None:
    assert paired_power(row["effect"], row["n"], row["alpha"]) == pytest.approx(row["power"], abs=1e-7)
    if row["effect"] > 0:
        effect = detectable_effect(row["n"], row["alpha"], row["power"])
        assert effect == pytest.approx(row["effect"], rel=1e-5)


@pytest.mark.parametrize("row", rows("student"), ids=str)
def test_students_t_is_that_of_scipy(row: dict[str, Any]) -> None:
    if "cdf" in row:
        assert student_t_cdf(row["t"], row["df"]) == pytest.approx(row["cdf"], abs=1e-13)
    else:
        assert student_t_quantile(row["share"], row["df"]) == pytest.approx(row["t"], rel=1e-11)


@pytest.mark.parametrize("row", rows("effect"), ids=lambda row: str(len(row["values"])))
def test_effect_sizes_are_those_of_the_formulas(row: dict[str, Any]) -> None:
    found = paired_effect(row["values"])
    assert found is not None
    assert (found.d_z, found.g_z) == (pytest.approx(row["d_z"]), pytest.approx(row["g_z"]))


def test_balanced_variance_components_are_those_of_reml() -> None:
    reference = FOUND["variance"]["balanced"]
    sums = NestedSums()
    for place, judgements in enumerate(reference["matches"]):
        sums.add(str(place // reference["per_challenge"]), judgements)
    found = components(sums)
    assert found.judge == pytest.approx(reference["judge"], rel=1e-4)
    assert found.repetition == pytest.approx(reference["repetition"], rel=1e-4)
    assert found.challenge == pytest.approx(reference["challenge"], rel=1e-4)


def test_unbalanced_variance_components_are_those_of_the_mean_squares() -> None:
    reference = FOUND["variance"]["unbalanced"]
    sums = NestedSums()
    for place, values in enumerate(reference["values"]):
        for value in values:
            sums.add(str(place), [value])
    found = components(sums)
    assert found.repetition == pytest.approx(reference["repetition"], rel=1e-12)
    assert found.challenge == pytest.approx(reference["challenge"], rel=1e-12)
    assert found.judge is None
