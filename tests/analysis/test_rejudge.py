"""`arena rejudge`: another judge, a panel, repetitions, other limits, over matches that nobody plays again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main as commands
from arena.errors import ServiceFault
from arena.messages import CallKey, Conversation, ModelRequest, Sampling
from arena.providers.nobody import Nobody
from tests.support.arena_rig import DIMENSIONS, Table, challenge, everything, local_environ, results, verdict
from tests.support.http_server import ModelServer
from tests.support.made_manifest import made_manifest
from tests.support.rejudge_rig import TURNS, calls, judge_file, plays, records, rejudge, three_matches
from tests.support.verify_rig import verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return three_matches(tmp_path)


def scores(folder: Path) -> list[list[float]]:
    return [list(record["scores"].values()) for record in records(folder)]


# -- what is kept and what is new -----------------------------------------------------------------------------------


def test_another_judge_gives_other_scores_to_the_same_matches(run: Path, tmp_path: Path) -> None:
    ended = rejudge(run, "--judge", judge_file(tmp_path, "kind", verdict(5)), "--out", str(tmp_path / "again"))
    assert ended.code == 0
    assert plays(tmp_path / "again") == plays(run)
    assert scores(tmp_path / "again") == [[5] * 5] * 3
    assert [record["outcome"] for record in records(tmp_path / "again")] == ["SUCCESS"] * 3
    assert "panel" not in records(tmp_path / "again")[0]["judging"]
    moved = [line.split() for line in ended.out.splitlines() if line.startswith("Security Strength")]
    assert moved == [["Security", "Strength", "3", "0", "0", "+2.00"]]
    assert "3 SUBSTANTIAL -> SUCCESS" in ended.out


def test_the_same_judge_gives_the_same_results_to_the_byte(run: Path, tmp_path: Path) -> None:
    same = f"scripted/{tmp_path / 'script.json'}"
    assert rejudge(run, "--judge-model", same, "--out", str(tmp_path / "again")).code == 0
    old, new = results(run), results(tmp_path / "again")
    new.pop("inputs/plays.jsonl"), new.pop("judge_agreement.json")
    differing = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    assert differing == {"summary.json", "matches.jsonl"}
    for one, other in zip(records(run), records(tmp_path / "again"), strict=True):
        one.pop("prev"), other.pop("prev")  # the chain starts from the run's identity
        assert one == other


def test_no_player_is_called_and_the_journal_holds_judges_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelServer() as server:
        for name, value in local_environ(server).items():
            monkeypatch.setenv(name, value)
        Table(tmp_path, [challenge("c1"), challenge("c2")]).play(
            "--participant-model", "local/player", "--judge-model", "local/judge", "--max-turns", "4"
        )
        asked = len(server.seen)
    for name in local_environ(server):
        monkeypatch.delenv(name)
    ended = rejudge(tmp_path / "run", "--judge", "mock/judge", "--out", str(tmp_path / "again"))
    assert ended.code == 0 and asked > 4
    assert {(line["kind"], line["provider"], line["seat"]) for line in calls(tmp_path / "again")} == {
        ("judge", "mock/judge", "(judge)")
    }
    manifest = json.loads((tmp_path / "again/manifest.json").read_bytes())
    assert manifest["identity"]["models"] == {
        "participant": "local/player",
        "roles": {},
        "roster": ["local/player"],
        "judge": "mock/judge",
        "panel": [],
        "api_versions": {},
        "files": {},
    }
    assert "no player was called" in ended.out and "players: local/player; judge: mock/judge" in ended.out


def test_who_would_call_a_player_gets_a_fault(tmp_path: Path) -> None:
    key = CallKey("crypto/c1/rep_0", 0, "Ana", 0, 0)
    nobody = Nobody(tmp_path)
    with pytest.raises(ServiceFault, match="the player of Ana cannot be called"):
        nobody.complete(ModelRequest("model", "m", Conversation(""), Sampling(), key, "00"))
    with pytest.raises(ServiceFault, match="the calculator for Ana cannot be called"):
        nobody.tool(key, 0, "hash", {})
    (tmp_path / "manifest.json").write_text(json.dumps(made_manifest({"tools_sha256": None})))
    assert nobody.tools_text() is None


def test_the_challenges_are_those_of_the_run_and_not_of_the_clone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "challenges.json").unlink()
    (tmp_path / "script.json").unlink()
    shutil.move(run, tmp_path / "moved")
    assert rejudge(tmp_path / "moved", "--judge", "mock/judge", "--out", str(tmp_path / "again")).code == 0
    name = "inputs/challenges.json"
    assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "moved" / name).read_bytes()


def test_the_run_is_only_read(run: Path, tmp_path: Path) -> None:
    before = everything(run)
    rejudge(run, "--judge", "mock/judge-noisy", "--judge-repetitions", "3", "--out", str(tmp_path / "again"))
    assert everything(run) == before


def test_the_manifest_names_the_run_and_every_judge(run: Path, tmp_path: Path) -> None:
    kind = judge_file(tmp_path, "kind", verdict(5))
    rejudge(
        run, "--judge-model", "mock/judge", "--judge", kind, "--judge-repetitions", "2", "--out", str(tmp_path / "a")
    )
    old, new = (json.loads((path / "manifest.json").read_bytes())["identity"] for path in (run, tmp_path / "a"))
    assert new["source"]["identity_sha256"] == old["sha256"] and new["source"]["judge"] == "scripted/script.json"
    assert new["models"]["judge"] == "mock/judge x2 + scripted/kind.json x2"
    assert new["models"]["panel"] == ["mock/judge", "scripted/kind.json"] * 2
    assert list(new["models"]["files"]) == ["scripted/kind.json"]
    assert new["rules"] == old["rules"] and new["plan"] == old["plan"]
    assert new["settings"]["seed"] == old["settings"]["seed"] and new["settings"]["max_turns"] == 2


def test_truncation_changes_what_the_judge_reads_and_nothing_else(run: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge", "--judge-max-chars-per-message", "10")
    assert rejudge(run, *words, "--out", str(tmp_path / "cut")).code == 0
    assert rejudge(run, *words[:2], "--out", str(tmp_path / "whole")).code == 0
    assert plays(tmp_path / "cut") == plays(tmp_path / "whole") == plays(run)
    assert records(tmp_path / "cut")[0]["judging"]["texts_cut"] == 2
    assert "texts_cut" not in records(tmp_path / "whole")[0]["judging"]
    cut, whole = (calls(tmp_path / name)[0] for name in ("cut", "whole"))
    assert cut["digest"] != whole["digest"]
    tokens = [line["reply"]["usage"]["prompt_tokens"] for line in (cut, whole)]
    assert tokens[0] < tokens[1]


def test_another_outcome_rule_is_used_and_without_one_the_runs_own(run: Path, tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "name: lenient\nversion: 7\nrules:\n  - outcome: SUCCESS\n    when: all >= 3\n  - outcome: SUBSTANTIAL\n"
        "    when: all >= 2\n  - outcome: PARTIAL\n    when: mean >= 1.5\notherwise: FAILED\n"
    )
    three = judge_file(tmp_path, "three", verdict(3))
    assert rejudge(run, "--judge", three, "--out", str(tmp_path / "own")).code == 0
    assert rejudge(run, "--judge", three, "--outcome-rule", str(rule), "--out", str(tmp_path / "other")).code == 0
    assert {r["outcome"] for r in records(tmp_path / "own")} == {"SUBSTANTIAL"}
    assert {r["outcome"] for r in records(tmp_path / "other")} == {"SUCCESS"}
    identity = json.loads((tmp_path / "other/manifest.json").read_bytes())["identity"]
    assert identity["rules"]["outcome_rule"]["name"] == "lenient"
    assert "everything holds" in verify(tmp_path / "other", "--calculator-provider", "none").out


# -- panels ---------------------------------------------------------------------------------------------------------


def test_a_panel_gives_medians_and_keeps_every_judgement(run: Path, tmp_path: Path) -> None:
    judges = [judge_file(tmp_path, name, verdict(*grades)) for name, grades in (
        ("low", (1, 2, 3, 4, 5)), ("middle", (2, 2, 2, 2, 2)), ("high", (5, 5, 5, 5, 5)))]  # fmt: skip
    words = [word for judge in judges for word in ("--judge", judge)]
    ended = rejudge(run, *words, "--out", str(tmp_path / "again"))
    assert ended.code == 0
    record = records(tmp_path / "again")[0]
    assert json.dumps(list(record["scores"].values())) == "[2.0, 2.0, 3.0, 4.0, 5.0]"
    assert [entry["judge"] for entry in record["judging"]["panel"]] == ["scripted/low.json", "scripted/middle.json",
                                                                         "scripted/high.json"]  # fmt: skip
    assert [line["turn"] for line in calls(tmp_path / "again") if line["trial"] == record["key"]] == [0, 1, 2]
    assert record["outcome"] == "PARTIAL"
    found = json.loads((tmp_path / "again/judge_agreement.json").read_bytes())
    assert found["disagreements"]["matches"] == 3
    assert "disagreements of 2 grades or more: 3 matches" in ended.out and "scripted/low.json" in ended.out


def test_halves_reach_all_tables(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    words = (
        "--judge",
        judge_file(tmp_path, "a", verdict(4, 4, 4, 4, 3)),
        "--judge",
        judge_file(tmp_path, "b", verdict(5)),
    )
    assert rejudge(run, *words, "--out", str(out)).code == 0
    assert scores(out) == [[4.5, 4.5, 4.5, 4.5, 4]] * 3
    header, row = (out / "matches_scores.csv").read_text().splitlines()[:2]
    assert row.split(",")[header.split(",").index("Primitive Selection")] == "4.5"
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["mean_scores"]["Primitive Selection"] == 4.5 and summary["outcomes"]["SUCCESS"] == 3
    match = json.loads((out / "matches/c1/rep_0/match.json").read_bytes())
    assert match["judge_verdict"]["scores"]["Primitive Selection"] == 4.5
    verified = records(out)[0]["judging"]["verified"]["scores"]
    assert verified["Primitive Selection"] == 4.5 and verified["Computation / Tool Usage"] == 1, "nothing was computed"


def test_one_judge_several_times_is_a_panel_with_itself(run: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge-noisy", "--judge-repetitions", "5", "--out", str(tmp_path / "again"))
    ended = rejudge(run, *words)
    assert ended.code == 0 and "mock/judge-noisy with itself" in ended.out
    panel = records(tmp_path / "again")[0]["judging"]["panel"]
    assert [entry["repetition"] for entry in panel] == [0, 1, 2, 3, 4]
    assert len({json.dumps(entry["scores"]) for entry in panel}) > 1
    assert len(calls(tmp_path / "again")) == 15


def test_the_judges_share_of_the_variance_is_in_the_summary(tmp_path: Path) -> None:
    Table(tmp_path, [challenge("c1"), challenge("c2")]).play("--repetitions", "2", "--max-turns", "2", turns=TURNS,
                                                             judge=[verdict(3)])  # fmt: skip
    rejudge(tmp_path / "run", "--judge", "mock/judge-noisy", "--judge-repetitions", "4", "--out", str(tmp_path / "a"))
    summary = json.loads((tmp_path / "a/summary.json").read_bytes())
    parts = summary["reliability"]["variance"]
    assert any(part["judge"] for part in parts.values()) and parts[DIMENSIONS[0]]["judgements"] == 4


def test_unread_judgements_leave_a_match_unscored_only_when_they_are_most(run: Path, tmp_path: Path) -> None:
    prose = ["No idea."] * 3
    judges = [judge_file(tmp_path, "a", verdict(2)), judge_file(tmp_path, "b", verdict(4), c1=prose, c2=prose),
              judge_file(tmp_path, "c", verdict(5), c2=prose)]  # fmt: skip
    ended = rejudge(run, *[w for judge in judges for w in ("--judge", judge)], "--out", str(tmp_path / "again"))
    assert ended.code == 0
    one, two, three = records(tmp_path / "again")
    assert one["scores"][DIMENSIONS[0]] == 3.5 and one["judging"]["panel"][1]["scores"] is None
    assert two["unscored"].startswith("only 1 of 3 judgements could be read") and two["outcome"] is None
    assert three["scores"][DIMENSIONS[0]] == 4
    summary = json.loads((tmp_path / "again/summary.json").read_bytes())
    assert (summary["scored"], summary["unscored"]) == (2, 1)
    found = json.loads((tmp_path / "again/judge_agreement.json").read_bytes())
    assert [judge["unread"] for judge in found["judges"]] == [0, 2, 1]
    assert found["moved"]["scored"]["only_before"] == 1


def test_hostile_verdicts_stay_text(run: Path, tmp_path: Path) -> None:
    text = "\u001b[2J<script>alert(1)</script>\u202e=cmd|' /C calc'!A0"
    nasty = judge_file(tmp_path, "nasty", verdict(1, text=text))
    ended = rejudge(run, "--judge", nasty, "--judge", "mock/judge", "--out", str(tmp_path / "again"))
    assert ended.code == 0 and "\u001b" not in ended.text and "\u202e" not in ended.text
    assert records(tmp_path / "again")[0]["judging"]["panel"][0]["verdict"] == text
    assert "everything holds" in verify(tmp_path / "again", "--calculator-provider", "none").out


# -- what was not judged before -------------------------------------------------------------------------------------


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """One match that is done, one that ends in an error, one that is unscored, one that is aborted."""
    call = '{"tool_call": {"op": "hash", "args": {"data": '
    trials: dict[str, Any] = {
        "crypto/c2/rep_0": {"turns": {"Ana": []}},
        "crypto/c3/rep_0": {"judge": ["?", "?", "?"]},
        "crypto/c4/rep_0": {"turns": {"Ana": [call] * 4}},
    }
    table = Table(tmp_path, [challenge(f"c{n}") for n in (1, 2, 3, 4)])
    table.play("--max-turns", "2", "--continue-on-error", turns=TURNS, judge=[verdict(3)], trials=trials)
    return tmp_path / "run"


def test_what_ended_before_it_was_judged_stays_so_and_is_counted(broken: Path, tmp_path: Path) -> None:
    before = records(broken)
    ended = rejudge(broken, "--judge", "mock/judge", "--judge-repetitions", "2", "--out", str(tmp_path / "again"))
    after = records(tmp_path / "again")
    kept = [n for n, record in enumerate(before) if record["status"] != "done"]
    assert [before[n]["status"] for n in kept] == ["error", "aborted"]
    for n in kept:
        same = ("key", "status", "stop", "detail", "transcript", "unscored", "outcome", "usage", "scores", "judging")
        assert [after[n][name] for name in same] == [before[n][name] for name in same]
    assert after[2]["unscored"] is None and before[2]["unscored"], "unscored by the judge before, scored by this one"
    assert ended.code == 0, "an error of the run before is none of this one"
    assert "warning: 1 error, 1 aborted in run: kept as they are, not judged" in ended.err
    assert len(calls(tmp_path / "again")) == 4
    assert "everything holds" in verify(tmp_path / "again", "--calculator-provider", "none").out


def test_going_on_does_not_play_kept_errors_again(broken: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge", "--out", str(tmp_path / "again"))
    rejudge(broken, *words)
    before = results(tmp_path / "again")
    ended = rejudge(broken, *words, "--resume")
    assert ended.code == 0 and "4 of 4 kept" in ended.err
    assert results(tmp_path / "again") == before


def test_matches_that_were_not_played_are_told(run: Path, tmp_path: Path) -> None:
    Table(tmp_path, [challenge("c1"), challenge("c2"), challenge("c3")]).play(
        "--max-turns", "2", "--max-calls", "4", "--workers", "1", out="short", turns=TURNS, judge=[verdict(3)]
    )
    found = records(tmp_path / "short")
    assert [record["status"] for record in found] == ["done", "limit"]
    ended = rejudge(tmp_path / "short", "--judge", "mock/judge", "--out", str(tmp_path / "again"))
    assert ended.code == 0 and "1 planned matches of short were not played" in ended.err
    assert [record["status"] for record in records(tmp_path / "again")] == ["done", "limit"]
    assert "everything holds" in verify(tmp_path / "again", "--calculator-provider", "none").out


def test_a_run_that_was_judged_again_can_be_judged_again(run: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge-noisy", "--judge-repetitions", "2", "--out", str(tmp_path / "two"))
    assert rejudge(run, *words).code == 0
    assert rejudge(tmp_path / "two", "--judge", "mock/judge", "--out", str(tmp_path / "three")).code == 0
    assert plays(tmp_path / "three") == plays(run)
    identity = json.loads((tmp_path / "three/manifest.json").read_bytes())["identity"]
    assert identity["source"]["judge"] == "mock/judge-noisy x2" and identity["models"]["panel"] == []
    assert "everything holds" in verify(tmp_path / "three", "--calculator-provider", "none").out


# -- tools, money, other families -----------------------------------------------------------------------------------


def test_a_judge_with_tools_computes_what_it_asks_for(tmp_path: Path, calculator_binary: Path) -> None:
    Table(tmp_path).play("--calculator-provider", "process", "--max-turns", "2", turns=TURNS, judge=[verdict(3)])
    ask = '{"tool_call": {"op": "hash", "args": {"alg": "sha256", "data": "utf8:a"}}}'
    words = ("--judge", judge_file(tmp_path, "curious", ask, verdict(4)), "--judge", "mock/judge", "--judge-tools")
    ended = rejudge(tmp_path / "run", *words, "--out", str(tmp_path / "again"))
    assert ended.code == 0, ended.err
    made = [line for line in calls(tmp_path / "again") if line["kind"] == "tool"]
    assert [(line["seat"], line["op"], line["answer"]["ok"]) for line in made] == [("(judge)", "hash", True)]
    assert len(records(tmp_path / "again")[0]["judging"]["calls"]) == 1
    checked = verify(tmp_path / "again")
    assert "everything holds" in checked.out and "1 computed again" in checked.out


def test_only_judges_cost_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prices = tmp_path / "prices.yaml"
    row = "  local/judge:\n    prompt: 1000\n    completion: 1000\n"
    prices.write_text(f"version: 1\nunit: usd_per_million_tokens\nmodels:\n{row}")
    with ModelServer() as server:
        for name, value in local_environ(server).items():
            monkeypatch.setenv(name, value)
        Table(tmp_path).play("--participant-model", "local/player", "--judge-model", "local/judge", "--max-turns", "4")
        words = ("--judge", "local/judge", "--judge", "local/free", "--judge-repetitions", "2", "--prices", str(prices))
        assert rejudge(tmp_path / "run", *words, "--out", str(tmp_path / "again")).code == 0
    summary = json.loads((tmp_path / "again/summary.json").read_bytes())
    paid = [line["reply"]["usage"] for line in calls(tmp_path / "again") if line["provider"] == "local/judge"]
    tokens = sum(usage["prompt_tokens"] + usage["completion_tokens"] for usage in paid)
    assert len(paid) == 2 and summary["cost_usd"]["usd"] == pytest.approx(tokens / 1000)
    assert summary["cost_usd"]["unpriced"] == ["local/free"], "local/player has no price, and was not called"
    assert "everything holds" in verify(tmp_path / "again", "--calculator-provider", "none").out


def test_plays_of_known_quality_can_be_judged_again_too(tmp_path: Path, calculator_binary: Path) -> None:
    words = ["--challenge-ids", "ferry-cabin-toss", "--seeds", "1", "--quiet", "--out", str(tmp_path / "run")]
    assert commands(["calibrate", *words]) == 0
    assert rejudge(tmp_path / "run", "--judge", "mock/judge-noisy", "--out", str(tmp_path / "again")).code == 0
    assert plays(tmp_path / "again") == plays(tmp_path / "run")
    old, new = (json.loads((tmp_path / name / "calibration.json").read_bytes()) for name in ("run", "again"))
    assert new["judged"] == old["judged"] and new != old
    assert "everything holds" in verify(tmp_path / "again").out
