"""The contract, by a family that uses all of it: played, killed, resumed, verified, scored again, summed up.

What only the crypto family exercises is not proven; each promise of the engine has its test here.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from arena.cli import entry
from arena.engine import build
from arena.policy.gates import ALLOW, END_TRIAL, REFUSE_REPLY, TOOL_ERROR, CallFacts, Decision
from arena.records import Trial
from tests.support.arena_rig import Ended, environment
from tests.support.toy.run import REGISTRY_ROWS, toy

DERIVED = ("matches.jsonl", "summary.json", "matches_scores.csv", "parcel_summary.csv", "shelf.json")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run. Not to be changed."""
    out = tmp_path_factory.mktemp("toy") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(build.FAMILIES, "toy", REGISTRY_ROWS["toy"])  # type: ignore[arg-type]
        assert toy("--repetitions", "2", "--out", str(out)).code == 0
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in DERIVED}


def records(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "matches.jsonl").read_text().splitlines()]


def command(*words: str, capsys: pytest.CaptureFixture[str]) -> Ended:
    code = entry.main(list(words))
    out, err = capsys.readouterr()
    return Ended(code, out, err, None)


class WatchShelf:
    """Denies the third box: `op put` with more than two boxes; warns of every sample."""

    name = "watch"

    def __init__(self, on_deny: str = END_TRIAL, version: int = 1) -> None:
        self.on_deny, self.version = on_deny, version

    def identity(self) -> dict[str, object]:
        return {"name": self.name, "version": self.version}

    limits: Mapping[str, int] = {}

    def inputs(self) -> Mapping[str, bytes]:
        return {}

    def open(self, trial: Trial) -> WatchShelf:
        return self

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        return

    def decide(self, facts: CallFacts) -> Decision:
        if facts.kind == "tool" and facts.phase == "before" and facts.args["boxes"] > 2:
            return Decision("deny", "too_many", "rule.boxes", "two at most", self.on_deny, observed=facts.args["boxes"])
        if facts.phase == "after" and facts.text.startswith("sample"):
            return Decision("warn", "sample", "rule.sample")
        return ALLOW


# Playing


def test_series_see_their_past_and_independent_trials_do_not(whole: Path) -> None:
    seen: dict[str, list[int]] = {"calm": [], "hurried": []}
    for record in records(whole):
        seen[record["cell"]["mood"]].append(record["scores"]["before"])  # type: ignore[index]
    assert set(seen["calm"]) == {None}
    assert [before == 0 for before in seen["hurried"]] == [True, False, False] * 2


def test_cast_of_a_trial_fills_its_seats(whole: Path) -> None:
    calls = [json.loads(line) for line in (whole / "api_calls.jsonl").read_text().splitlines()]
    filled = {(call["seat"], call["provider"]) for call in calls if call["kind"] == "model"}
    assert filled == {("asker", "mock/asker"), ("doer", "mock/doer")}


def test_private_turns_and_fresh_samples_reach_the_right_seats(whole: Path) -> None:
    calls = [json.loads(line) for line in (whole / "api_calls.jsonl").read_text().splitlines()]
    samples = [call for call in calls if call.get("reply", {}).get("text", "").startswith("sample")]
    assert samples and all(call["reply"]["text"] == "sample 2 of 1 messages" for call in samples)
    said = [e for record in records(whole) for e in record["transcript"] if e["kind"] == "say"]  # type: ignore[attr-defined]
    heard = {tuple(entry["to"]) if isinstance(entry["to"], list) else entry["to"] for entry in said}
    assert heard >= {("doer",), ()}


def test_values_on_two_scales_are_never_averaged(whole: Path) -> None:
    summary = json.loads((whole / "summary.json").read_bytes())
    assert summary["averaged_scores"] == []
    assert "mean_score" not in (whole / "matches_scores.csv").read_text().splitlines()[0]


def test_conditions_are_never_pooled_as_repetitions(whole: Path, tmp_path: Path) -> None:
    assert toy("--repetitions", "1", "--out", str(tmp_path / "once")).code == 0
    single = json.loads((tmp_path / "once" / "summary.json").read_bytes())
    assert "reliability" not in single, "two conditions of a unit are no repetitions"
    twice = json.loads((whole / "summary.json").read_bytes())
    assert [row["k"] for row in twice["reliability"]["pass"]] == [1, 2]
    assert twice["reliability"]["pass"][0]["challenges"] == 6, "three units under two conditions"


def test_end_of_a_run_speaks_the_familys_words(tmp_path: Path) -> None:
    ended = toy("--out", str(tmp_path / "run"))
    assert "6 of 6 deliveries finished" in ended.out
    boxes = json.loads((tmp_path / "run" / "summary.json").read_bytes())["shelf"]["boxes"]
    assert boxes > 6 and f"shelf: {boxes} boxes" in ended.out
    assert "calculator" not in ended.out and "verified" not in ended.out


def test_dry_run_bounds_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    ended = toy("--dry-run", "--out", str(tmp_path / "run"))
    assert ended.code == 0 and "deliveries" in ended.out and not (tmp_path / "run").exists()
    assert "calculator" not in ended.out


# Kill and resume


@pytest.mark.parametrize("at", [1, 700, 2500, 6000, 9000, 14000, 20000, 23000])
def test_killed_run_resumes_to_the_same_bytes(whole: Path, tmp_path: Path, at: int) -> None:
    words = ("--repetitions", "2", "--workers", "3", "--out", str(tmp_path / "run"))
    started = [sys.executable, "-m", "tests.support.toy.run"]
    killed = subprocess.run([*started, str(at), *words], env=environment(), capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    resume = ("--resume",) if (tmp_path / "run" / "manifest.json").exists() else ()
    resumed = subprocess.run([*started, *words, *resume], env=environment(), capture_output=True, check=False)
    assert resumed.returncode == 0, resumed.stderr.decode()
    assert files(tmp_path / "run") == files(whole)


def test_limit_ends_its_series_and_resume_plays_it_on(whole: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    stopped = toy("--repetitions", "2", "--workers", "1", "--max-calls", "33", "--out", out)
    assert stopped.code == 0 and "resume with" in stopped.err
    played = [(record["key"], record["status"]) for record in records(tmp_path / "run")]
    limited = [key for key, status in played if status == "limit"]
    assert limited == ["toy/p0/hurried/rep_0"]
    later = {"toy/p1/hurried/rep_0", "toy/p2/hurried/rep_0"}
    assert not later & {key for key, _ in played}, "what follows in the series builds on the trial that was stopped"
    assert toy("--repetitions", "2", "--resume", "--out", out).code == 0
    assert files(tmp_path / "run") == files(whole)


def test_record_that_is_lost_drops_what_builds_on_it(whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    lines = (run / "matches.jsonl").read_bytes().splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if b'"key":"toy/p0/hurried/rep_0"' in line)
    broken = lines[first].replace(b'"status":"done","stop":"max_turns"', b'"status":"error","stop":"provider"')
    assert broken != lines[first]
    (run / "matches.jsonl").write_bytes(b"".join([*lines[:first], broken, *lines[first + 1 :]]))
    ended = toy("--repetitions", "2", "--resume", "--out", str(run))
    assert ended.code == 0 and "9 of 12 kept" in ended.err
    again = {record["key"]: record for record in records(run)}
    before = {record["key"]: record for record in records(whole)}
    assert [again[f"toy/p{n}/hurried/rep_0"]["attempt"] for n in range(3)] == [0, 1, 1]
    assert again["toy/p2/hurried/rep_0"]["scores"] == before["toy/p2/hurried/rep_0"]["scores"]


def test_resume_under_another_policy_is_refused(tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    assert toy("--out", out, gate=WatchShelf()).code == 0
    refused = toy("--resume", "--out", out, gate=WatchShelf(version=2))
    assert refused.code == 2 and "the policy of the gates was changed; put it back" in refused.err


# Gates


def test_denial_that_ends_trials_is_counted_and_never_scored(tmp_path: Path) -> None:
    out = tmp_path / "run"
    toy("--out", str(out), gate=WatchShelf())
    denied = [record for record in records(out) if record["status"] == "denied"]
    assert denied and all(not record["outcome"] for record in denied)
    assert all(value is None for record in denied for value in record["scores"].values())  # type: ignore[attr-defined]
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["statuses"]["denied"] == len(denied) and summary["shelf"]["refused"] == len(denied)


def test_denial_as_tool_error_lets_the_trial_go_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert toy("--out", str(out), gate=WatchShelf(TOOL_ERROR)).code == 0
    found = records(out)
    assert {record["status"] for record in found} == {"done"}
    assert any("I was not allowed to." in json.dumps(record["transcript"]) for record in found)
    assert {record["outcome"] for record in found} == {"SHELVED", "LEFT"}


@pytest.mark.parametrize("on_deny", [END_TRIAL, TOOL_ERROR, REFUSE_REPLY])
def test_gated_run_verifies_from_its_journal_alone(
    tmp_path: Path, on_deny: str, capsys: pytest.CaptureFixture[str]
) -> None:
    toy("--out", str(tmp_path / "run"), gate=WatchShelf(on_deny))
    ended = command("verify", str(tmp_path / "run"), capsys=capsys)
    assert ended.code == 0, ended.out


def test_changed_decision_of_a_gate_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toy("--out", str(tmp_path / "run"), gate=WatchShelf())
    journal = tmp_path / "run" / "api_calls.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"rule_id":"rule.boxes"', b'"rule_id":"rule.other"'))
    assert command("verify", str(tmp_path / "run"), capsys=capsys).code == 1


# After the run


def test_verify_computes_the_familys_own_tools_again(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = command("verify", str(whole), capsys=capsys)
    assert good.code == 0 and "12 tool calls: 12 computed again" in good.out
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    journal = run / "api_calls.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"on_shelf":', b'"on_shelf":1', 1))
    bad = command("verify", str(run), capsys=capsys)
    assert bad.code == 1 and "the answer is wrong" in bad.out


def test_verify_finds_a_series_that_was_played_on_another_past(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    path = run / "matches.jsonl"
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"instance":"{\\"before\\":', b'"instance":"{\\"before\\":1', 1))
    assert path.read_bytes() != before
    ended = command("verify", str(run), capsys=capsys)
    assert ended.code == 1 and "/instance" in ended.out


def test_replay_plays_a_run_again_without_its_models(whole: Path, tmp_path: Path) -> None:
    ended = toy("--repetitions", "2", "--participant-model", f"replay/{whole}", "--out", str(tmp_path / "run"))
    assert ended.code in (0, 1), ended.err
    assert (tmp_path / "run" / "matches.jsonl").exists()


def test_rejudge_scores_again_and_calls_no_player(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "again"
    ended = command("rejudge", str(whole), "--judge", "mock/umpire", "--out", str(out), capsys=capsys)
    assert ended.code == 0, ended.err
    calls = [json.loads(line) for line in (out / "api_calls.jsonl").read_text().splitlines()]
    assert {call["kind"] for call in calls} == {"judge"}
    assert [r["scores"] for r in records(out)] == [r["scores"] for r in records(whole)]
    assert command("verify", str(out), capsys=capsys).code == 0


def test_rejudge_keeps_the_settings_and_the_mock_judge_of_the_family(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = tmp_path / "run", tmp_path / "again"
    assert toy("--parcels", "2", "--seed", "7", "--out", str(run)).code == 0
    ended = command("rejudge", str(run), "--judge-provider", "mock", "--out", str(out), capsys=capsys)
    assert ended.code == 0 and "4 deliveries scored both times" in ended.out, ended.err
    kept, now = (json.loads((path / "manifest.json").read_bytes())["identity"]["settings"] for path in (run, out))
    assert now == kept and now["parcels"] == 2 and now["judge_model"] == "umpire"
    assert command("verify", str(out), capsys=capsys).code == 0


def test_compare_pairs_two_runs(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert toy("--repetitions", "2", "--participant-model", "mock/asker", "--out", str(tmp_path / "b")).code == 0
    ended = command("compare", str(whole), str(tmp_path / "b"), capsys=capsys)
    assert ended.code == 0, ended.err


def test_runs_of_different_rules_are_not_compared(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert toy("--parcels", "2", "--repetitions", "2", "--out", str(tmp_path / "b")).code == 0
    ended = command("compare", str(whole), str(tmp_path / "b"), capsys=capsys)
    assert ended.code == 2 and "parcels" in ended.err


@pytest.mark.parametrize("words", [("report",), ("check",), ("leaderboard",), ("show",)])
def test_commands_after_a_run_read_any_family(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    more = {"check": ("--strict", "0"), "show": ("p0",)}.get(words[0], ())
    ended = command(*words, str(run), *more, capsys=capsys)
    assert ended.code == 0, ended.err
    for word in ("challenge", "verified", "leak", "a set without a version"):
        assert word not in ended.out.lower(), word


def test_export_writes_a_data_set_of_any_family(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = command("export", "hf-dataset", str(whole), "--out", str(tmp_path / "hf"), capsys=capsys)
    assert ended.code == 0, ended.err


# A family without a judge, tools, repetitions or bundles


def test_family_without_judge_or_tools_says_nothing_of_them(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path_factory.mktemp("fc") / "run"
    ended = toy("--out", str(out), family="factcheck")
    assert ended.code == 0, ended.err
    assert "40 of 40 episodes finished" in ended.out and "deviation gain of lie: -" in ended.out
    for word in ("judge", "calculator", "tool", "challenge", "verified"):
        assert word not in ended.text.lower(), word
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["models"]["judge"] is None and "reliability" not in summary
    assert {n: g["n"] for n, g in summary["by"]["deviation"].items()} == {"honest": 20, "lie": 20}
    assert command("verify", str(out), capsys=capsys).code == 0
    again = command("rejudge", str(out), "--judge", "mock/umpire", "--out", str(out) + "-again", capsys=capsys)
    assert again.code == 2 and "its episodes were scored without a judge, so none can judge them again" in again.err
    page = command("report", str(out), capsys=capsys)
    assert page.code == 0, page.err
    text = (out / "report.html").read_text()
    assert "judged by" not in text.lower() and "calibrat" not in text.lower()
    seen = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL).lower()
    assert "episode" in seen and re.search(r"\b(?:match|matches|calculator|challenge)\b", seen) is None
    assert command("export", "hf-dataset", str(out), "--out", str(out) + "-hf", capsys=capsys).code == 0
    card = Path(str(out) + "-hf", "README.md").read_text()
    assert "40 episodes have a score" in card
    assert all(word not in card for word in ("challenge", "rubric", "verified", "leaks"))


def test_family_of_a_test_needs_at_most_200_lines() -> None:
    folder = Path(__file__).resolve().parents[1] / "support" / "factcheck"
    assert sum(len(path.read_text().splitlines()) for path in folder.glob("*.py")) <= 200
