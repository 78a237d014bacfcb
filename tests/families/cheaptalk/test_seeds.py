"""The summary over seeds: the predecessor's paths, null parts, spread of a sample, objects of another shape."""

from __future__ import annotations

from typing import Any

import pytest

from arena.errors import DataError
from arena.families.cheaptalk.metrics.seeds import Source, spread, submission_summary

SEEDS = (42, 123, 456)


def metrics(shift: float) -> dict[str, Any]:
    return {"accuracy": 0.5 + shift, "evidence_compliance": 1.0, "evidence_match_score": None, "mean_payoff": shift}


def suite(shift: float, **more: Any) -> dict[str, Any]:
    """A result object in the shape of milestone 2."""
    gain = {"deviation_gain": -0.2 + shift, "percent_dg_positive": 10 + 100 * shift}
    types = {"honest": metrics(shift), "lie": metrics(shift)}
    return {"iri": shift, "metrics_by_type": types, "deviation_gains": {"lie": gain}} | more


def part(make: Any) -> dict[int, Source]:
    return {seed: Source(f"seed{seed}.json", make(0.1 * place)) for place, seed in enumerate(SEEDS)}


def summary(**parts: dict[int, Source]) -> Any:
    empty: dict[int, Source] = {}
    names = ("milestone2", "milestone3", "milestone4")
    return submission_summary(SEEDS, *(parts.get(name, empty) for name in names))


def test_second_milestone_has_the_documented_paths() -> None:
    found = summary(milestone2=part(suite))["milestone2"]
    assert found["seeds"] == 3
    assert found["mean"]["iri"] == pytest.approx(0.1) and found["std"]["iri"] == pytest.approx(0.1)
    gains = found["deviation_gains"]["lie"]
    assert gains["deviation_gain_mean"] == pytest.approx(-0.1) and gains["percent_dg_positive_std"] == pytest.approx(10)
    assert found["metrics_by_type"]["honest"]["accuracy_mean"] == pytest.approx(0.6)


def test_third_and_fourth_milestone_have_the_documented_paths() -> None:
    third = part(lambda shift: {"methods": {"self_consistency_k5": metrics(shift)}})
    fourth = part(lambda shift: {"P1_Evidence_First": suite(shift), "P3_Slashing": suite(shift)})
    found = summary(milestone3=third, milestone4=fourth)
    assert found["milestone2"] is None and found["seeds"] == [42, 123, 456]
    assert found["milestone3"]["methods"]["self_consistency_k5"]["mean_payoff_mean"] == pytest.approx(0.1)
    protocol = found["milestone4"]["protocols"]["P3_Slashing"]
    assert protocol["iri_mean"] == pytest.approx(0.1) and protocol["honest_accuracy_std"] == pytest.approx(0.1)


def test_part_stays_null_until_every_seed_is_there() -> None:
    some = part(suite)
    del some[123]
    assert summary(milestone2=some)["milestone2"] is None
    assert submission_summary((), {}, {}, {})["milestone2"] is None


def test_value_that_a_seed_lacks_is_null() -> None:
    honest = summary(milestone2=part(suite))["milestone2"]["metrics_by_type"]["honest"]
    assert honest["evidence_match_score_mean"] is None and honest["evidence_match_score_std"] is None


def test_protocol_without_an_honest_episode_has_null_for_honest_play() -> None:
    cut = part(lambda shift: {"P3_Slashing": suite(shift, metrics_by_type={"lie": metrics(shift)}, iri=None)})
    protocol = summary(milestone4=cut)["milestone4"]["protocols"]["P3_Slashing"]
    assert protocol["honest_accuracy_mean"] is None and protocol["iri_mean"] is None


def test_type_that_a_seed_lacks_is_left_out() -> None:
    some = part(suite)
    some[456] = Source("seed456.json", suite(0.2, deviation_gains={}))
    assert summary(milestone2=some)["milestone2"]["deviation_gains"] == {}


def test_spread_is_that_of_a_sample() -> None:
    found = spread([1.0, 2.0, 3.0])
    assert (found["mean"], found["std"]) == (2.0, 1.0)
    assert found["ci95"] == [pytest.approx(2 - 2.4841, abs=1e-4), pytest.approx(2 + 2.4841, abs=1e-4)]
    assert spread([0.85, 1.0], most=1.0)["ci95"] == [0.0, 1.0], "a share is never below 0 or above its most"
    assert spread([1.0]) == {"mean": 1.0, "std": None, "ci95": None}
    assert spread([1.0, None]) == spread([]) == {"mean": None, "std": None, "ci95": None}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({}, "/iri: is missing"),
        ([], "/iri: is missing"),
        (suite(0.0, iri="0"), "/iri: must be a number or null"),
        (suite(0.0, iri=True), "/iri: must be a number or null"),
        (suite(0.0, deviation_gains=[]), "/deviation_gains: must be an object"),
        (suite(0.0, deviation_gains={"lie": {}}), "/deviation_gains/lie/deviation_gain: is missing"),
    ],
)
def test_object_of_another_shape_is_refused_with_its_place(value: Any, place: str) -> None:
    with pytest.raises(DataError) as caught:
        submission_summary((42,), {42: Source("seed42.json", value)}, {}, {})
    assert f"seed42.json: {place}" in str(caught.value)
