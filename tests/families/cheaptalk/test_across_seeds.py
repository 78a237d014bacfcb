"""The summary over seeds from files, also those placed by hand: table paths, null parts, files of another shape."""

from __future__ import annotations

import json
import os
from pathlib import Path
from statistics import stdev
from typing import Any

import pytest

from arena.errors import DataError, UsageError
from arena.families.cheaptalk.findings.run import Rules
from arena.families.cheaptalk.outputs import across_seeds
from arena.families.cheaptalk.outputs.across_seeds import Aggregated, aggregate, seeds_in
from arena.families.cheaptalk.outputs.write import ResultRules, write_outputs
from tests.families.cheaptalk.made_runs import FOUR, METHODS, PROTOCOLS, SIX, run_of_all

SEEDS = (42, 123, 456)
METRICS = ("accuracy", "evidence_compliance", "evidence_match_score", "mean_payoff")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_outputs(run_of_all(9, SEEDS), folder, ResultRules(Rules(42, PROTOCOLS, SIX, resamples=20)))
    return folder


@pytest.fixture
def placed(run: Path, tmp_path: Path) -> Path:
    """The files of the seeds alone, as a person would copy them together."""
    for seed in SEEDS:
        for name in (f"milestone2/seed{seed}", f"milestone3/seed{seed}", f"milestone4/protocol_comparison_seed{seed}"):
            copy = tmp_path / f"{name}.json"
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes((run / f"{name}.json").read_bytes())
    return tmp_path


def at(value: Any, path: str) -> Any:
    for key in path.split("/"):
        value = value[key]
    return value


TABLE_PATHS = [
    *(
        f"milestone2/deviation_gains/{deviation}/{field}_{what}"
        for deviation in SIX[1:]
        for field in ("deviation_gain", "percent_dg_positive")
        for what in ("mean", "std")
    ),
    "milestone2/mean/iri",
    "milestone2/std/iri",
    *(
        f"milestone2/metrics_by_type/{name}/{metric}_{what}"
        for name in SIX
        for metric in METRICS
        for what in ("mean", "std")
    ),
    *(
        f"milestone3/methods/{method}/{metric}_{what}"
        for method in ("protocol_p1", *METHODS)
        for metric in METRICS
        for what in ("mean", "std")
    ),
    *(
        f"milestone4/protocols/{name}/{metric}_{what}"
        for name in ("P1_Evidence_First", "P2_Cross_Exam", "P3_Slashing")
        for metric in ("iri", *(f"honest_{metric}" for metric in METRICS))
        for what in ("mean", "std")
    ),
]
"""Every number that the tables of the predecessor's paper are made of."""


def test_every_table_path_holds_a_number(run: Path) -> None:
    summary = json.loads((run / "submission_multi_seed_summary.json").read_text())
    assert summary["seeds"] == list(SEEDS) and len(TABLE_PATHS) > 100
    assert [path for path in TABLE_PATHS if not isinstance(at(summary, path), float)] == []


def test_every_mean_has_an_interval(run: Path) -> None:
    summary = json.loads((run / "submission_multi_seed_summary.json").read_text())
    means = [path for path in TABLE_PATHS if path.endswith("_mean")]
    intervals = [at(summary, path.removesuffix("_mean") + "_ci95") for path in means]
    assert all(low <= at(summary, path) <= high for path, (low, high) in zip(means, intervals, strict=True))
    assert len(summary["milestone2"]["ci95"]["iri"]) == 2


def test_mean_and_spread_are_those_of_the_files(placed: Path) -> None:
    found = aggregate(placed).summary["milestone2"]["deviation_gains"]["lie"]
    values = [
        json.loads((placed / f"milestone2/seed{seed}.json").read_text())["deviation_gains"]["lie"]["deviation_gain"]
        for seed in SEEDS
    ]
    assert found["deviation_gain_mean"] == pytest.approx(sum(values) / 3)
    assert found["deviation_gain_std"] == pytest.approx(stdev(values))


def test_files_placed_by_hand_give_the_summary_of_the_run(run: Path, placed: Path) -> None:
    found = aggregate(placed)
    assert found.summary == aggregate(run).summary and found.missing == {} and found.files == 9
    assert found.lines() == ["seeds 42, 123, 456: 9 files"]


def test_part_stays_null_unless_every_seed_has_its_file(placed: Path) -> None:
    (placed / "milestone3/seed123.json").unlink()
    found = aggregate(placed)
    assert found.summary["milestone3"] is None and found.summary["milestone2"]["seeds"] == 3
    assert found.lines()[1] == "milestone3 stays null; missing: milestone3/seed123.json"


def test_named_seeds_decide_which_files_count(placed: Path) -> None:
    assert aggregate(placed, (42, 123)).summary["milestone4"]["seeds"] == 2
    assert aggregate(placed, (42, 7)).summary["milestone4"] is None
    assert seeds_in(placed) == sorted(SEEDS)


def test_seed_that_no_folder_has_is_an_error(placed: Path) -> None:
    with pytest.raises(UsageError, match="holds no result of the seeds 7, 8"):
        aggregate(placed, (7, 8))


@pytest.mark.parametrize("name", ["missing", "."])
def test_folder_without_results_is_an_error_with_the_names_to_put_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"milestone2(/seed<S>\.json|, milestone3)"):
        aggregate(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "seed42.json"),
        ("[]", "/iri: is missing"),
        ('{"iri": "high"}', "/iri: must be a number or null"),
        ('{"iri": 0, "metrics_by_type": {}}', "/deviation_gains: is missing"),
    ],
)
def test_file_of_another_shape_is_named_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "milestone2").mkdir()
    (tmp_path / "milestone2/seed42.json").write_text(text)
    with pytest.raises(DataError) as caught:
        aggregate(tmp_path)
    assert "milestone2/seed42.json" in str(caught.value) and message in str(caught.value)


def test_link_in_place_of_a_file_is_not_followed(placed: Path) -> None:
    target = placed / "milestone2/seed42.json"
    target.rename(placed / "elsewhere.json")
    os.symlink(placed / "elsewhere.json", target)
    with pytest.raises(DataError, match="symbolic link"):
        aggregate(placed)


def test_names_of_other_files_are_no_seeds(placed: Path) -> None:
    for name in ("seed.json", "seedling.json", "seed42.json.bak", "seed4.2.json"):
        (placed / "milestone2" / name).write_text("{}")
    assert seeds_in(placed) == sorted(SEEDS)


def test_results_of_too_many_seeds_are_refused(placed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(across_seeds, "MAX_SEEDS", 2)
    with pytest.raises(DataError) as caught:
        seeds_in(placed)
    assert str(caught.value) == f"{placed}: has results of 3 seeds; 2 at most are read: name some with --seeds"


def test_missing_files_are_listed_up_to_three() -> None:
    found = Aggregated({"seeds": [1]}, {"milestone2": ("a", "b", "c", "d", "e")}, 1)
    assert found.lines()[1] == "milestone2 stays null; missing: a, b, c and 2 more"


def test_deviations_of_the_fourth_milestone_are_its_own(run: Path) -> None:
    found = json.loads((run / "milestone4/protocol_comparison_seed42.json").read_text())
    assert list(found["P1_Evidence_First"]["deviation_gains"]) == list(FOUR[1:])
