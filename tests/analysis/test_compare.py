"""`arena compare`: what may be compared, what is paired and counted, the verdict, the outputs, the exit codes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from tests.support.arena_rig import DIMENSIONS, Ended, challenge
from tests.support.comparison_rig import Made, match, verified

QUICK = ("--resamples", "400")


def compare(*words: str | Path) -> Ended:
    """Carry out `arena compare WORDS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["compare", *map(str, words), *QUICK])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Ended(code, out.getvalue(), err.getvalue())


def figures(tmp_path: Path, *words: str | Path) -> dict[str, Any]:
    """Compare and return what --json writes."""
    path = tmp_path / "comparison.json"
    ended = compare(*words, "--json", path)
    assert ended.code == 0, ended.err
    found = json.loads(path.read_bytes())
    assert isinstance(found, dict)
    return found


def row(found: dict[str, Any], metric: str, source: str = "judge") -> dict[str, Any]:
    (one,) = [row for row in found["metrics"] if (row["metric"], row["source"]) == (metric, source)]
    assert isinstance(one, dict)
    return one


def many(grade: int, challenges: int = 12, repetitions: int = 2) -> dict[str, list[int]]:
    return {f"c{number}": [grade] * repetitions for number in range(challenges)}


def mixed(seed: int, shift: float, challenges: int = 24, repetitions: int = 2) -> dict[str, list[int]]:
    source = random.Random(seed)
    return {
        f"c{n}": [min(5, max(1, round(source.gauss(3 + shift, 1)))) for _ in range(repetitions)]
        for n in range(challenges)
    }


# The verdict


def test_a_run_against_itself_differs_in_nothing(tmp_path: Path) -> None:
    run = Made(tmp_path / "run").write(mixed(1, 0))
    found = figures(tmp_path, run, run)
    assert found["pairs"] == 48 and len(found["metrics"]) == len(DIMENSIONS) + 1
    for one in found["metrics"]:
        assert (one["difference"], one["p"], one["p_holm"], one["verdict"]) == (0, 1, 1, "cannot tell")
        assert one["ci95_percentile"] == [0, 0] and one["ci95_bca"] is None and "not defined" in one["ci95_note"]
    assert found["outcomes"][0]["mcnemar"] == {"only_tuned": 0, "only_base": 0, "p_exact": 1.0, "p_mid": 1.0}
    assert "every pair is equal" in compare(run, run).out


def test_a_better_run_is_called_better_and_the_other_way_round_worse(tmp_path: Path) -> None:
    low, high = Made(tmp_path / "low").write(mixed(1, -1)), Made(tmp_path / "high").write(mixed(2, 1))
    better, worse = figures(tmp_path, low, high), figures(tmp_path, high, low)
    assert [one["verdict"] for one in better["metrics"]] == ["better"] * 6
    assert [one["verdict"] for one in worse["metrics"]] == ["worse"] * 6
    for one, other in zip(better["metrics"], worse["metrics"], strict=True):
        assert one["difference"] == pytest.approx(-other["difference"])
        assert one["p"] == other["p"] <= one["p_holm"] <= 0.05
        low_end, high_end = one["ci95_bca"]
        assert 0 < low_end < one["difference"] < high_end


def test_only_fail_if_worse_makes_worse_an_exit_code(tmp_path: Path) -> None:
    low, high = Made(tmp_path / "low").write(mixed(1, -1)), Made(tmp_path / "high").write(mixed(2, 1))
    assert compare(high, low).code == 0
    assert compare(high, low, "--fail-if-worse").code == 1
    assert compare(low, high, "--fail-if-worse").code == 0
    assert compare(high, high, "--fail-if-worse").code == 0


def test_where_one_cannot_tell_it_is_said_what_would_tell(tmp_path: Path) -> None:
    base, tuned = Made(tmp_path / "a").write(mixed(1, 0)), Made(tmp_path / "b").write(mixed(2, 0.2))
    found = figures(tmp_path, base, tuned)
    one = row(found, "Security Strength")
    assert one["verdict"] == "cannot tell" and one["p_holm"] > 0.05
    plan = one["plan"]
    assert abs(one["difference"]) < plan["detectable"] and plan["power"] < 0.8 and plan["challenges"] > 24
    assert plan["alpha"] == pytest.approx(0.05 / 6, abs=1e-6)
    said = compare(base, tuned).out
    assert f"it would take {plan['challenges']:,} challenges with 2 repetitions" in said
    assert "Where the next run is best spent" in said


def test_one_repetition_cannot_tell_what_more_would_bring(tmp_path: Path) -> None:
    base = Made(tmp_path / "a").write(mixed(1, 0, repetitions=1))
    tuned = Made(tmp_path / "b").write(mixed(5, 0.3, repetitions=1))
    one = row(figures(tmp_path, base, tuned), "Security Strength")
    assert one["variance"]["repetition"] is None and one["plan"]["repetitions"] is None
    assert "one repetition cannot tell" in compare(base, tuned).out


@pytest.mark.parametrize("shift", [0, 1])
def test_one_challenge_has_no_interval_and_no_verdict(tmp_path: Path, shift: int) -> None:
    base, tuned = Made(tmp_path / "a").write({"c": [3]}), Made(tmp_path / "b").write({"c": [3 + shift]})
    found = figures(tmp_path, base, tuned)
    for one in found["metrics"]:
        assert (one["p"], one["verdict"], one["ci95_percentile"], one["plan"]) == (1, "cannot tell", None, None)
        assert "one challenge" in one["ci95_note"]


def test_two_challenges_that_differ_are_compared_and_called_too_few(tmp_path: Path) -> None:
    base = Made(tmp_path / "base").write({"a": [5, 5], "b": [4, 4]})
    tuned = Made(tmp_path / "tuned").write({"a": [4, 4], "b": [1, 1]})
    one = row(figures(tmp_path, base, tuned), DIMENSIONS[0])
    assert (one["difference"], one["verdict"]) == (-2, "cannot tell")
    assert one["ci95_percentile"] == [-3, -1] and one["ci95_bca"] is None
    assert "two challenges are too few" in one["ci95_note"]


def test_a_constant_difference_has_a_percentile_interval_and_no_bca(tmp_path: Path) -> None:
    base, tuned = Made(tmp_path / "a").write(many(3)), Made(tmp_path / "b").write(many(5))
    one = row(figures(tmp_path, base, tuned), "Negotiation Skills")
    assert (one["difference"], one["ci95_percentile"], one["ci95_bca"]) == (2, [2, 2], None)
    assert one["verdict"] == "better" and one["p"] == 2 / 2**12 and one["d_z"] is None
    assert "the percentile interval is used" in compare(base, tuned).out


def test_runs_without_any_score_are_compared_in_nothing(tmp_path: Path) -> None:
    cells = {"c1": [None, None], "c2": [None, None]}
    base, tuned = Made(tmp_path / "a").write(cells), Made(tmp_path / "b").write(cells)
    found = figures(tmp_path, base, tuned)
    for one in found["metrics"]:
        assert (one["pairs"], one["p"], one["difference"], one["verdict"]) == (0, None, None, "no data")
        assert one["left_out"] == {"base unscored and tuned unscored": 4}
    assert found["base"]["counts"]["unscored"] == 4
    ended = compare(base, tuned, "--fail-if-worse")
    assert ended.code == 0 and "no pair has it on both sides" in ended.out


# What is paired, and what is counted next to


def test_an_outage_is_in_no_mean_and_counted_beside(tmp_path: Path) -> None:
    cells = {f"c{n}": [4, 4] for n in range(6)}
    broken = {**cells, "c0": [match(status="error"), 4], "c1": [None, 4], "c2": [match(status="aborted"), 4],
              "c3": [match(status="denied"), 4], "c4": [match(status="limit"), 4]}  # fmt: skip
    found = figures(tmp_path, Made(tmp_path / "a").write(cells), Made(tmp_path / "b").write(broken))
    one, rate = row(found, "Security Strength"), row(found, "success rate")
    assert (one["pairs"], one["mean_tuned"], one["difference"]) == (7, 4, 0)
    assert one["left_out"] == {f"tuned {why}": 1 for why in ("aborted", "denied", "error", "limit", "unscored")}
    # An aborted match is a failure of the player; the others are nobody's.
    assert (rate["pairs"], rate["worse"]) == (8, 1) and "tuned aborted" not in rate["left_out"]
    counts = found["tuned"]["counts"]
    assert {name: counts[name] for name in ("scored", "unscored", "aborted", "denied", "limit", "error")} == {
        "scored": 7, "unscored": 1, "aborted": 1, "denied": 1, "limit": 1, "error": 1,
    }  # fmt: skip


def test_a_match_that_only_one_run_played_is_not_paired_and_counted(tmp_path: Path) -> None:
    cells: dict[str, Any] = {f"c{n}": [3, 3] for n in range(5)}
    base, tuned = Made(tmp_path / "a").write(cells), Made(tmp_path / "b").write({**cells, "c0": [3, {}]})
    found = figures(tmp_path, base, tuned)
    assert (found["pairs"], found["only_base"], found["only_tuned"]) == (9, 1, 0)
    assert found["tuned"]["counts"]["not_played"] == 1
    assert "1 matches only in base" in compare(base, tuned).out


def test_verified_scores_are_compared_beside_the_judges_and_never_mixed(tmp_path: Path) -> None:
    plain = {f"c{n}": [match(5, verified=verified(5))] * 2 for n in range(12)}
    capped = {f"c{n}": [match(5, verified=verified(5, 5, 2, 2, 5))] * 2 for n in range(12)}
    found = figures(tmp_path, Made(tmp_path / "a").write(plain), Made(tmp_path / "b").write(capped))
    assert row(found, "Implementation Correctness")["difference"] == 0
    assert row(found, "Implementation Correctness", "verified")["difference"] == -3
    assert row(found, "success rate", "verified")["verdict"] == "worse"
    # What verification did not change is no test of its own.
    assert found["tests"] == 6 + 3 and row(found, "Security Strength", "verified")["as_judged"] is True
    assert row(found, "Implementation Correctness", "verified")["as_judged"] is False
    assert found["verified_problem"] is None


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (match(5), "no verified scores in this run: tuned"),
        (match(5, verified=verified(5, version=2)), "the rules of the verified scores differ"),
    ],
)
def test_verified_scores_that_cannot_be_compared_are_left_out_and_it_is_said(
    tmp_path: Path, other: dict[str, Any], says: str
) -> None:
    base = Made(tmp_path / "a").write({"c1": [match(5, verified=verified(4))], "c2": [match(5, verified=verified(4))]})
    tuned = Made(tmp_path / "b").write({"c1": [other], "c2": [other]})
    found = figures(tmp_path, base, tuned)
    assert says in found["verified_problem"] and {one["source"] for one in found["metrics"]} == {"judge"}
    assert says in compare(base, tuned).out


def test_a_panel_gives_a_variance_between_judgements(tmp_path: Path) -> None:
    def panel(*grades: int) -> dict[str, Any]:
        entries = [{"judge": "mock/judge", "repetition": n, "scores": dict.fromkeys(DIMENSIONS, grade)}
                   for n, grade in enumerate(grades)]  # fmt: skip
        return match(3, panel=[*entries, {"judge": "mock/judge", "repetition": 9, "scores": None}])

    cells = {"c1": [panel(2, 4), panel(3, 3)], "c2": [panel(1, 5), panel(4, 4)], "c3": [panel(3, 2), panel(5, 3)]}
    run = Made(tmp_path / "a").write(cells)
    split = figures(tmp_path, run, run)["base"]["reliability"]["variance"]["Security Strength"]
    assert split["judge"] == pytest.approx((2 + 0 + 8 + 0 + 0.5 + 2) / 6, abs=1e-6) and split["judgements"] == 2


# What may be compared


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"settings": {"seed": 7}}, "seed: base 0, tuned 7"),
        ({"settings": {"max_turns": 9}}, "max turns: base 15, tuned 9"),
        ({"settings": {"max_tool_calls_per_turn": 1}}, "max tool calls per turn: base 10, tuned 1"),
        ({"settings": {"judge_tools": True}}, "judge tools: base false, tuned true"),
        ({"settings": {"judge_max_chars_total": 10}}, "judge max chars total: base null, tuned 10"),
        ({"judge": "openai/other"}, 'judge: base "mock/judge", tuned "openai/other"'),
        ({"rules": {"rubric": {"name": "crypto-five", "version": "9"}}}, 'rubric version: base "2", tuned "9"'),
        ({"rules": {"rubric": {"name": "crypto-five", "sha256": "ab" * 32}}}, 'tuned "abababababab..."'),
        ({"rules": {"outcome_rule": {"name": "mean", "version": 1}}}, "outcome rule name: base"),
        ({"rules": {"checks_version": 99}}, "checks version: base"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("intersect", [False, True])
def test_runs_of_other_rules_are_refused_saying_in_what(
    tmp_path: Path, change: dict[str, Any], says: str, intersect: bool
) -> None:
    base, tuned = Made(tmp_path / "a").write(many(3)), Made(tmp_path / "b", **change).write(many(4))
    ended = compare(base, tuned, *(["--intersect"] if intersect else []))
    assert ended.code == 2 and ended.out == "" and says in ended.err
    assert "--intersect" not in ended.err  # it would not help


def test_other_players_are_what_a_comparison_is_for(tmp_path: Path) -> None:
    settings = {"participant_model": "other", "temperature": 0.7, "role_model": {"Ana": "mock/careless"}}
    base = Made(tmp_path / "a").write(many(3))
    assert compare(base, Made(tmp_path / "b", model="mock/other", settings=settings).write(many(4))).code == 0


def test_other_challenges_are_refused_and_intersect_takes_the_common_part(tmp_path: Path) -> None:
    reworded = {"c1": challenge("c1", name="Another matter")}
    base = Made(tmp_path / "a").write({"c0": [3, 3], "c1": [3, 3], "c2": [3, 3], "c3": [3, 3]})
    tuned = Made(tmp_path / "b", challenges=reworded).write({"c1": [5], "c2": [4], "c3": [4], "c4": [5]})
    ended = compare(base, tuned)
    assert ended.code == 2 and "challenges (digest)" in ended.err and "repetitions: base 2, tuned 1" in ended.err
    assert "--intersect" in ended.err
    found = figures(tmp_path, base, tuned, "--intersect")
    assert found["intersect"] == {
        "challenges": ["c2", "c3"], "changed": ["c1"], "only_base": ["c0"], "only_tuned": ["c4"],
    }  # fmt: skip
    assert (found["pairs"], found["only_base"], row(found, "Security Strength")["difference"]) == (2, 2, 1)
    assert "Common part: 2 challenges" in compare(base, tuned, "--intersect").out


def test_reliability_of_the_common_part_counts_no_other_challenge(tmp_path: Path) -> None:
    base = Made(tmp_path / "a").write({"c0": [1, 1], "c1": [5, 1], "c2": [5, 5]})
    tuned = Made(tmp_path / "b").write({"c1": [5, 5], "c2": [5, 5]})
    found = figures(tmp_path, base, tuned, "--intersect")
    rows = found["base"]["reliability"]["pass"]
    assert [(row["challenges"], row["pass_at_k"], row["pass_hat_k"]) for row in rows] == [(2, 0.75, 0.75), (2, 1, 0.5)]
    assert [row["challenges"] for row in found["tuned"]["reliability"]["pass"]] == [2, 2]


def test_nothing_in_common_is_refused(tmp_path: Path) -> None:
    base, tuned = Made(tmp_path / "a").write({"c0": [3]}), Made(tmp_path / "b").write({"c1": [3]})
    ended = compare(base, tuned, "--intersect")
    assert ended.code == 2 and "no match in common" in ended.err


def test_what_is_no_finished_run_is_refused(tmp_path: Path) -> None:
    run = Made(tmp_path / "a").write(many(3))
    assert "not a run directory" in compare(run, tmp_path / "nothing").err
    (run / "summary.json").unlink()
    ended = compare(run, run)
    assert ended.code == 2 and "--resume" in ended.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"key": "crypto/c0/rep_9"}', "/format: is missing"),
        ("[1]", "matches.jsonl"),
        (json.dumps(Made(Path())._record("c99", 0, match(5) | {"scores": {}})), "/scores: has no number for Primitive"),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, line: str, says: str) -> None:
    run = Made(tmp_path / "a").write(many(3))
    with (run / "matches.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    ended = compare(run, run)
    assert ended.code == 2 and says in ended.err and "line 25" in ended.err


@pytest.mark.parametrize("grade", ['"5"', "null", "NaN", "true"])
@pytest.mark.parametrize("part", ["scores", "verified"])
def test_a_grade_that_is_no_number_is_named(tmp_path: Path, part: str, grade: str) -> None:
    cell = match(5, verified=verified(4))
    run = Made(tmp_path / "a").write({"c1": [cell], "c2": [cell]})
    old = '"Security Strength": 5.0' if part == "scores" else '\\"Security Strength\\":4'
    path = run / "matches.jsonl"
    path.write_text(
        path.read_text("utf-8").replace(
            old, old.removesuffix("5.0").removesuffix("4") + (grade if part == "scores" else grade.replace('"', '\\"'))
        ),
        encoding="utf-8",
    )
    ended = compare(run, run)
    if (part, grade) == ("verified", "null"):  # that one was not verified
        assert ended.code == 0 and "2 base not verified and tuned not verified" in ended.out
    else:
        assert ended.code == 2 and "line 1" in ended.err and "number" in ended.err


def test_a_run_that_holds_a_match_twice_must_be_finished_first(tmp_path: Path) -> None:
    run = Made(tmp_path / "a").write({"c1": [3], "c2": [4]})
    lines = (run / "matches.jsonl").read_text(encoding="utf-8")
    (run / "matches.jsonl").write_text(lines + lines, encoding="utf-8")
    ended = compare(run, run)
    assert ended.code == 2 and "two records of one trial" in ended.err and "--resume" in ended.err


@pytest.mark.parametrize("words", [["--resamples", "5"], ["--resamples", "many"], ["--what"], []])
def test_wrong_flags_are_refused_in_one_line(words: list[str]) -> None:
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        assert main(["compare", "a", "b", *words] if words else ["compare"]) == 2
    assert err.getvalue().startswith("arena compare: ") and err.getvalue().count("\n") == 1


# The outputs


@pytest.fixture
def written(tmp_path: Path) -> Path:
    base, tuned = Made(tmp_path / "a").write(mixed(1, 0)), Made(tmp_path / "b").write(mixed(2, 0.5))
    out = tmp_path / "deep/out"
    flags = {"--report-path": "r.txt", "--json": "r.json", "--csv": "r.csv", "--markdown": "r.md", "--figure": "r.svg"}
    ended = compare(base, tuned, *(word for flag, name in flags.items() for word in (flag, out / name)))
    assert ended.code == 0 and (out / "r.txt").read_text(encoding="utf-8") == ended.out
    return out


def test_every_output_says_the_same(written: Path) -> None:
    found = json.loads((written / "r.json").read_bytes())
    with (written / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [one["metric"] for one in rows] == [one["metric"] for one in found["metrics"]]
    markdown = (written / "r.md").read_text(encoding="utf-8")
    svg = (written / "r.svg").read_text(encoding="utf-8")
    for one, cells in zip(found["metrics"], rows, strict=True):
        assert float(cells["difference"]) == one["difference"] and float(cells["p_holm"]) == one["p_holm"]
        assert [float(cells["percentile_low"]), float(cells["percentile_high"])] == one["ci95_percentile"]
        shown = f"{100 * one['difference']:+.1f} pp" if one["kind"] == "rate" else f"{one['difference']:+.2f}"
        assert shown in markdown and shown in svg and shown in (written / "r.txt").read_text(encoding="utf-8")


def test_the_figure_is_one_file_of_its_own(written: Path) -> None:
    text = (written / "r.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg") and "href" not in text and "<script" not in text
    assert len([one for one in root.iter() if one.tag.endswith("circle")]) == len(DIMENSIONS) + 1


def test_equal_runs_and_seeds_give_equal_bytes_and_another_seed_other_chance(tmp_path: Path) -> None:
    base, tuned = Made(tmp_path / "a").write(mixed(1, 0)), Made(tmp_path / "b").write(mixed(2, 0.5))
    first, again = figures(tmp_path, base, tuned), figures(tmp_path, base, tuned)
    other = figures(tmp_path, base, tuned, "--seed", "1")
    assert first == again
    ends = [[one["ci95_percentile"] for one in found["metrics"]] for found in (first, other)]
    assert ends[0] != ends[1]
    assert [one["p"] for one in first["metrics"]] == [one["p"] for one in other["metrics"]]  # exact tests


def test_what_runs_are_called_is_text_and_nothing_else(tmp_path: Path) -> None:
    hostile = "mock/<script>alert(1)</script>|`x`\x1b[31m=cmd"
    base = Made(tmp_path / "a").write(mixed(1, 0))
    tuned = Made(tmp_path / "<b onload=x>&", model=hostile).write(mixed(2, 0))
    svg, markdown = tmp_path / "r.svg", tmp_path / "r.md"
    ended = compare(base, tuned, "--figure", svg, "--markdown", markdown)
    assert ended.code == 0 and "\x1b" not in ended.out
    ElementTree.parse(svg)
    for path in (svg, markdown):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and "<b onload" not in text and "\x1b" not in text
    assert "\\|" in markdown.read_text(encoding="utf-8")


def test_csv_cells_cannot_become_formulas(tmp_path: Path) -> None:
    run = Made(tmp_path / "a").write(many(3))
    for name in ("summary.json", "matches.jsonl"):
        path = run / name
        path.write_text(path.read_text("utf-8").replace("Security Strength", "=1+1"), encoding="utf-8")
    assert compare(run, run, "--csv", tmp_path / "r.csv").code == 0
    assert "judge,'=1+1," in (tmp_path / "r.csv").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    run = Made(tmp_path / "a").write(many(3))
    (tmp_path / "file").write_text("")
    ended = compare(run, run, "--json", tmp_path / "file/x.json")
    assert ended.code == 2 and "cannot write" in ended.err


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    run = Made(tmp_path / "a").write(many(3))
    ended = compare(run, run, "--quiet")
    assert (ended.code, ended.text) == (0, "")
