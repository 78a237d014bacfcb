"""`arena compare` of families without a judge, and by a label: what is a pair, which way is better, what is refused."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from arena.cli.console import Console
from arena.cli.entry import main
from tests.support.arena_rig import Ended

QUICK = ("--resamples", "200")


def carry_out(*words: str | Path) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*map(str, words)])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Ended(code, out.getvalue(), err.getvalue())


def compare(*words: str | Path) -> Ended:
    return carry_out("compare", *words, *QUICK)


def figures(tmp_path: Path, *words: str | Path) -> dict[str, Any]:
    path = tmp_path / "comparison.json"
    ended = compare(*words, "--json", path)
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def row(found: dict[str, Any], metric: str) -> dict[str, Any]:
    (one,) = [row for row in found["metrics"] if row["metric"] == metric]
    return dict(one)


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Cheap-talk runs over 12 claims: two models, three deviations under P1 and P3. Not to be changed."""
    folder = tmp_path_factory.mktemp("talks")
    for name, model, deviations in (
        ("careful", "mock/careful", "honest,no_evidence,lie"),
        ("careless", "mock/careless", "honest,no_evidence,lie"),
        ("honest", "mock/careful", "honest"),
        ("lie", "mock/careful", "lie"),
    ):
        ended = carry_out(
            "cheaptalk", "run", "--num-tasks", "12", "--deviations", deviations, "--participant-model", model,
            "--protocols", "p1_evidence_first,p3_slashing", "--series", "3", "--out", folder / name, "--quiet",
        )  # fmt: skip
        assert ended.code == 0, ended.err
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def risky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A risk run of an agent that does everything, with and without gates. Not to be changed."""
    out = tmp_path_factory.mktemp("risky") / "run"
    ended = carry_out(
        "risk", "run", "--trials", "12", "--attacks", "urgency,direct", "--defences", "none,gates", "--model",
        "mock/naive", "--out", out, "--quiet",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return out


def test_runs_without_a_judge_are_compared_in_their_own_words(talks: dict[str, Path]) -> None:
    said = compare(talks["careful"], talks["careless"]).out
    first, second = said.splitlines()[:2]
    assert "72 pairs of episodes in 12 claims" in first and second.startswith("Tuned: ")
    for foreign in ("judge", "None", "challenge", "grade", "match in", "not verified"):
        assert foreign not in said


def test_lower_is_better_where_the_family_says_so(risky: Path, tmp_path: Path) -> None:
    (one,) = figures(tmp_path, risky, "--by", "defence=none,gates")["comparisons"]
    attack = row(one, "attack_success")
    assert attack["mean_tuned"] < attack["mean_base"] and attack["difference"] < 0
    assert not attack["higher_is_better"] and attack["verdict"] == "better" and attack["better"] > attack["worse"] == 0
    (back,) = figures(tmp_path, risky, "--by", "defence=gates,none")["comparisons"]
    assert row(back, "attack_success")["verdict"] == "worse"
    assert compare(risky, "--by", "defence=gates,none", "--fail-if-worse").code == 1
    assert "Lower is better in attack_success, stealth." in compare(risky, "--by", "defence").out


def test_values_of_a_label_are_compared_with_the_first(talks: dict[str, Path], tmp_path: Path) -> None:
    found = figures(tmp_path, talks["careful"], "--by", "deviation")
    assert [one["by"] for one in found["comparisons"]] == [
        {"label": "deviation", "base": "honest", "tuned": other} for other in ("no_evidence", "lie")
    ]
    one = found["comparisons"][1]
    records = [json.loads(line) for line in (talks["careful"] / "matches.jsonl").read_text().splitlines()]
    paid = {(r["unit"], r["cell"]["protocol"], r["cell"]["deviation"]): r["scores"]["payoff"] for r in records}
    gains = [paid[unit, protocol, "lie"] - paid[unit, protocol, "honest"]
             for unit, protocol, deviation in paid if deviation == "honest"]  # fmt: skip
    assert one["pairs"] == len(gains) == 24
    assert row(one, "payoff")["difference"] == pytest.approx(sum(gains) / len(gains), abs=1e-6)
    assert found["comparisons"][0]["tests"] == one["tests"] > len(one["metrics"])


def test_a_series_is_drawn_as_a_whole(talks: dict[str, Path], tmp_path: Path) -> None:
    (one,) = figures(tmp_path, talks["careful"], "--by", "deviation=honest,lie")["comparisons"]
    assert one["challenges"] == 12 and one["clusters"]["count"] == 3
    assert one["clusters"]["words"]["units"] == "series" and row(one, "payoff")["challenges"] == 3


def test_two_runs_are_compared_by_each_value_they_share(talks: dict[str, Path], tmp_path: Path) -> None:
    found = figures(tmp_path, talks["careful"], talks["careless"], "--by", "protocol")
    values = [(one["by"]["base"], one["by"]["tuned"], one["pairs"]) for one in found["comparisons"]]
    assert values == [("p1_evidence_first", "p1_evidence_first", 36), ("p3_slashing", "p3_slashing", 36)]


def test_runs_of_other_conditions_are_compared_by_label_alone(talks: dict[str, Path], tmp_path: Path) -> None:
    refused = compare(talks["honest"], talks["lie"])
    assert refused.code == 2 and "conditions" in refused.err
    (one,) = figures(tmp_path, talks["honest"], talks["lie"], "--by", "deviation")["comparisons"]
    assert (one["by"]["base"], one["by"]["tuned"], one["pairs"]) == ("honest", "lie", 24)
    (within,) = figures(tmp_path, talks["careful"], "--by", "deviation=honest,lie")["comparisons"]
    assert row(one, "payoff")["difference"] == row(within, "payoff")["difference"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "colour"), "no label colour; its labels are protocol, deviation"),
        (("--by", "information"), "information has one value"),
        (("--by", "deviation=polite"), "deviation is never polite"),
        (("--by", "deviation=a,b,c"), "LABEL=BASE,TUNED"),
        (("--by", "=lie"), "LABEL=BASE,TUNED"),
        (("--by", "deviation", "--intersect"), "contradict"),
    ],
)
def test_a_label_that_cannot_be_used_is_refused(talks: dict[str, Path], words: tuple[str, ...], said: str) -> None:
    ended = compare(talks["careful"], *words)
    assert ended.code == 2 and said in ended.err and not ended.out


def test_all_files_of_a_comparison_by_label_are_written(talks: dict[str, Path], tmp_path: Path) -> None:
    names = {flag: tmp_path / flag for flag in ("csv", "markdown", "figure", "report-path")}
    flags = [part for flag, path in names.items() for part in (f"--{flag}", str(path))]
    ended = compare(talks["careful"], "--by", "deviation", *flags)
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(names["csv"].read_text().splitlines()))
    assert {(one["by"], one["base"], one["tuned"]) for one in rows} == {
        ("deviation", "honest", "no_evidence"), ("deviation", "honest", "lie"),
    }  # fmt: skip
    assert names["markdown"].read_text().count("\n## ") == 2
    assert "lie - honest" in "".join(ElementTree.parse(names["figure"]).getroot().itertext())
    assert names["report-path"].read_text() == ended.out
    assert max(map(len, names["report-path"].read_text().split("\n\n")[1].splitlines())) <= 80


@pytest.mark.parametrize("words", [(), ("--by", "deviation")])
def test_a_comparison_on_a_terminal_fits_its_width(
    talks: dict[str, Path], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    whole = compare(talks["careful"], talks["careless"], *words).out
    monkeypatch.setattr(Console, "width", lambda self: 80)
    ended = compare(talks["careful"], talks["careless"], *words)
    assert ended.code == 0 and max(map(len, ended.out.splitlines())) <= 80 < max(map(len, whole.splitlines()))
    assert "receiver_payoff" in ended.out and "cannot tell" in ended.out


def test_runs_without_a_common_value_are_refused_with_the_values_of_both(tmp_path: Path) -> None:
    for name, deviations in (("first", "honest,no_evidence"), ("second", "lie,withhold")):
        ended = carry_out(
            "cheaptalk", "run", "--num-tasks", "3", "--deviations", deviations, "--protocols", "p3_slashing", "--out",
            tmp_path / name, "--quiet",
        )  # fmt: skip
        assert ended.code == 0, ended.err
    ended = compare(tmp_path / "first", tmp_path / "second", "--by", "deviation")
    assert ended.code == 2 and ended.err == (
        "arena compare: the runs have no deviation in common (base: honest, no_evidence; tuned: lie, withhold); name"
        " one of each: --by deviation=BASE,TUNED\n"
    )
