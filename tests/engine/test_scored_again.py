"""A run without a judge is scored again by its family's own scorer: toy families, cheap talk, the risk lab."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.rejudge.changes import Moves, Scored
from arena.engine import build
from arena.families.risk import family as risk_family
from arena.play.services import Services
from arena.policy.gates_file import read_policy
from arena.policy.policy_gate import PolicyGate
from arena.records import Score, Transcript, Trial
from tests.support.arena_rig import ROOT, everything, results
from tests.support.factcheck.family import FactCheck
from tests.support.rejudge_rig import calls, records, rejudge
from tests.support.risk_rig import arena
from tests.support.toy.run import REGISTRY_ROWS, toy

SAME = "no outcome and no value differs from the scores before"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    yield


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """A run of the fact-checking family, which has neither judge nor tools."""
    out = tmp_path / "claims"
    assert toy("--seed", "7", "--out", str(out), family="factcheck").code == 0
    return out


def manifest(run: Path) -> Any:
    return json.loads((run / "manifest.json").read_bytes())["identity"]


def changes(run: Path) -> Any:
    return json.loads((run / "score_changes.json").read_bytes())


def same_results(run: Path, again: Path) -> None:
    """Assert that two runs have the same records, and differ in no setting and no policy."""
    chained = [[{**record, "prev": None} for record in records(one)] for one in (run, again)]
    assert chained[0] == chained[1] and chained[0]
    for name in ("settings", "models", "policy", "rules", "plan", "calculator"):
        assert manifest(run)[name] == manifest(again)[name], name
    assert (run / "matches_scores.csv").read_bytes() == (again / "matches_scores.csv").read_bytes()


def readable(run: Path, again: Path) -> None:
    """Assert that verify, report and compare work on a run that scored another one again."""
    verified = arena("verify", str(again))
    assert verified.code == 0 and "everything holds" in verified.out, verified.text
    assert arena("report", str(again)).code == 0
    compared = arena("compare", str(run), str(again))
    assert compared.code == 0, compared.err


def stricter(self: FactCheck, trial: Trial, transcript: Transcript, services: Services) -> Score:
    """Score as another version of the family might: claim 3 is never decided well, and true claims pay more."""
    paid = 1.0 if trial.plan["truth"] else 0.0
    outcome = "WRONG" if trial.unit == "c03" else "RIGHT"
    return Score({"payoff": paid, "messages": 2}, outcome)


# Without a judge


def test_family_without_judge_is_scored_again_and_nobody_is_asked(claims: Path, tmp_path: Path) -> None:
    before, again = everything(claims), tmp_path / "again"
    ended = rejudge(claims, "--out", str(again))
    assert ended.code == 0 and f"40 episodes scored both times: {SAME}" in ended.out, ended.text
    assert "no player was called" in ended.out and "judge" not in ended.text.replace(str(tmp_path), "")
    assert calls(again) == [] and everything(claims) == before
    same_results(claims, again)
    assert manifest(again)["source"]["judge"] is None and manifest(again)["settings"]["seed"] == 7
    readable(claims, again)


def test_scores_of_a_changed_scorer_are_compared_with_the_old_ones(
    claims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FactCheck, "score", stricter)
    again = tmp_path / "again"
    ended = rejudge(claims, "--out", str(again))
    old, new = records(claims), records(again)
    outcomes = sum(a["outcome"] != b["outcome"] for a, b in zip(old, new, strict=True))
    values = sum(a["scores"][name] != b["scores"][name] for a, b in zip(old, new, strict=True) for name in b["scores"])
    either = sum((a["outcome"], a["scores"]) != (b["outcome"], b["scores"]) for a, b in zip(old, new, strict=True))
    assert outcomes > 1 and values > 1
    assert changes(again)["different"] == {"trials": either, "outcomes": outcomes, "values": values}
    assert f"{outcomes} outcomes and {values} values differ from the scores before" in ended.out
    assert f"{either} episodes with another score, the first 5:" in ended.out
    paid = changes(again)["values"]["payoff"]
    assert paid["up"] + paid["same"] + paid["down"] == 40 and paid["up"] and paid["down"]
    total = sum(b["scores"]["payoff"] - a["scores"]["payoff"] for a, b in zip(old, new, strict=True))
    assert paid["mean_change"] == round(total / 40, 3)
    assert len(changes(again)["listed"]) == min(either, 20)
    assert arena("verify", str(again)).code == 0
    monkeypatch.undo()
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    assert arena("verify", str(again)).code == 1, "scores of another scorer do not follow from the records"


@pytest.mark.parametrize(
    "words",
    [
        ("--judge", "mock/umpire"),
        ("--judge-model", "mock/umpire"),
        ("--judge-provider", "mock"),
        ("--judge-repetitions", "2"),
        ("--judge-temperature", "0"),
        ("--from-batch", "answers.jsonl"),
        ("--outcome-rule", "config/outcome_rule.yaml"),
    ],
    ids=" ".join,
)
def test_word_about_a_judge_is_refused_in_a_run_without_one(
    claims: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    ended = rejudge(claims, *words, "--out", str(tmp_path / "again"))
    assert ended.code == 2 and not (tmp_path / "again").exists()
    assert "its episodes were scored without a judge, so none can judge them again" in ended.err
    assert f"leave out {words[0]}" in ended.err


def test_run_with_a_judge_still_needs_one_named(tmp_path: Path) -> None:
    assert toy("--out", str(tmp_path / "run")).code == 0
    ended = rejudge(tmp_path / "run", "--out", str(tmp_path / "again"))
    assert ended.code == 2 and "no judge: give --judge-provider and --judge-model" in ended.err


@pytest.mark.parametrize("on_deny", ["end_trial", "tool_error"])
def test_run_under_a_policy_keeps_it_when_it_is_judged_again(tmp_path: Path, on_deny: str) -> None:
    text = (
        'version: 1\npre_call:\n- id: boxes\n  calls: tool\n  deny_if: {field: args.boxes, op: ">", value: 2}\n'
        f"  on_deny: {on_deny}\n"
    )
    gate = PolicyGate(read_policy(text, "policy.yaml", {}))
    run, again = tmp_path / "run", tmp_path / "again"
    assert toy("--out", str(run), gate=gate).code == 0
    assert any(one["decision"] == "deny" for record in records(run) for one in record["gates"])
    ended = rejudge(run, "--judge", "mock/umpire", "--out", str(again))
    assert ended.code == 0, ended.err
    same_results(run, again)
    readable(run, again)


def test_killed_scoring_resumes_to_the_same_bytes(claims: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert rejudge(claims, "--out", str(whole)).code == 0
    shutil.copytree(whole, cut)
    for name in ("digests.json", "summary.json", "score_changes.json"):
        (cut / name).unlink()
    lines = (cut / "matches.jsonl").read_bytes()
    (cut / "matches.jsonl").write_bytes(lines[: len(lines) // 2])
    assert rejudge(claims, "--workers", "2", "--resume", "--out", str(cut)).code == 0
    assert results(cut) == results(whole) and changes(cut) == changes(whole)


def test_run_that_was_scored_again_can_be_scored_again(claims: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert rejudge(claims, "--out", str(first)).code == 0
    ended = rejudge(first, "--out", str(second))
    assert ended.code == 0 and SAME in ended.out
    same_results(first, second)
    readable(first, second)


def test_json_is_one_object_with_summary_and_changes(claims: Path, tmp_path: Path) -> None:
    found = json.loads(rejudge(claims, "--json", "--out", str(tmp_path / "again")).out)
    assert found["scored"] == 40 and found["score_changes"]["outcomes"]["same"] == 40


def test_dry_run_of_scoring_again_bounds_no_calls(claims: Path, tmp_path: Path) -> None:
    ended = rejudge(claims, "--dry-run")
    found = {line.split("  ")[0]: line.split() for line in ended.out.splitlines() if "  " in line.strip()}
    assert ended.code == 0 and found["calls"][1:] == ["0", "0"] and found["episodes"][-1] == "40"


def test_members_of_the_changes_are_documented(claims: Path, tmp_path: Path) -> None:
    rejudge(claims, "--out", str(tmp_path / "again"))
    found = changes(tmp_path / "again")
    told = {
        "score_changes.json",
        *found,
        *found["different"],
        *found["outcomes"],
        *next(iter(found["values"].values())),
    }
    doc = (ROOT / "docs/run-directory.md").read_text(encoding="utf-8")
    text = doc.partition("## Where matches were judged again\n")[2].partition("\n## ")[0]
    assert {name for name in told if f"`{name}`" not in text} == set()


def test_mean_change_is_that_of_the_trials_with_both_values() -> None:
    moves = Moves(("care", "before"), ("GOOD",), None)
    moves.add(Scored({"care": 1, "before": 2}, "GOOD"), Scored({"care": 2, "before": 4}, "GOOD"))
    moves.add(Scored({"care": 1}, "GOOD"), Scored({"care": 4}, "GOOD"))
    found = moves.values_json()
    assert found["care"]["mean_change"] == 2 and found["before"]["mean_change"] == 2


# Cheap talk


def test_cheap_talk_is_scored_again_by_the_truth(tmp_path: Path) -> None:
    run, again = tmp_path / "run", tmp_path / "again"
    words = ("--num-tasks", "4", "--protocols", "p1,p3", "--deviations", "honest,lie", "--payoff", "tempted",
             "--bonus", "0.5", "--seed", "11", "--quiet")  # fmt: skip
    assert arena("cheaptalk", "run", *words, "--out", str(run)).code == 0
    ended = rejudge(run, "--out", str(again))
    assert ended.code == 0 and f"16 episodes scored both times: {SAME}" in ended.out, ended.text
    same_results(run, again)
    assert not [name for name in manifest(again)["settings"] if name.startswith("judge_")]
    readable(run, again)


# The risk lab


def risk_run(out: Path, *words: str) -> None:
    more = ("--slices", "exfiltration", "--trials", "3", "--attacks", "direct", "--model", "mock/naive", "--quiet")
    assert arena("risk", "run", *more, *words, "--out", str(out)).code == 0


def test_risk_run_is_scored_again_with_its_own_policy_and_evaluator(tmp_path: Path) -> None:
    """A rule of the policy fails trials that end well: what it decided in the play counts again."""
    run, again, evaluator = tmp_path / "run", tmp_path / "again", tmp_path / "evaluator.yaml"
    shutil.copy(ROOT / "config/evaluator.yaml", evaluator)
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\npost_call:\n- id: word\n  calls: model\n  deny_if: {text_regex: '(?s).*'}\n"
        "  on_deny: refuse_reply\n  fails_trial: true\nlimits:\n  max_calls: 1000\n"
    )
    risk_run(run, "--gates", str(policy), "--evaluator", str(evaluator))
    assert any(record["gates"] and record["outcome"] == "failed" for record in records(run))
    policy.unlink()
    evaluator.unlink()
    ended = rejudge(run, "--out", str(again))
    assert ended.code == 0 and SAME in ended.out, ended.text
    same_results(run, again)
    assert (run / "inputs/gates.yaml").read_bytes() == (again / "inputs/gates.yaml").read_bytes()
    assert (
        json.loads((run / "summary.json").read_bytes())["risk"]
        == json.loads((again / "summary.json").read_bytes())["risk"]
    )
    readable(run, again)


def test_run_scored_by_other_rules_names_todays_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, again = tmp_path / "run", tmp_path / "again"
    risk_run(run)
    monkeypatch.setattr(risk_family, "RULES_VERSION", 99)
    ended = rejudge(run, "--out", str(again))
    assert ended.code == 0 and "run was scored by other rules, which differ in rules_version" in ended.err
    assert manifest(again)["rules"]["rules_version"] == 99
    assert arena("verify", str(again)).code == 0


def test_rows_of_a_risk_run_that_was_scored_again_are_refused(tmp_path: Path) -> None:
    run, again = tmp_path / "run", tmp_path / "again"
    risk_run(run)
    assert rejudge(run, "--out", str(again)).code == 0
    ended = arena("risk", "report", str(again))
    assert ended.code == 2 and "scored another run again" in ended.err
