"""scripts/run_base_vs_tuned_arena_comparison.py: plays both models, compares, goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.run_base_vs_tuned_arena_comparison import main
from tests.support.arena_rig import NO_TOOLS, challenge, challenge_file
from tests.support.comparison_rig import Made


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARENA_NO_DOTENV", "1")
    for name in ("FIREWORKS_MODEL_PARTICIPANT", "FIREWORKS_API_KEY", "OPENAI_MODEL_JUDGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Flags of a small offline comparison."""
    challenges = challenge_file(
        tmp_path / "challenges.json", *(challenge(f"c{n}", split="heldout_eval") for n in range(3))
    )
    return ["--challenges", challenges, "--judge-provider", "mock", *NO_TOOLS, "--max-turns", "4", "--quiet",
            "--base-model", "mock/talker", "--tuned-model", "mock/careful", "--resamples", "200",
            "--out-dir", str(tmp_path / "out"), "--report-path", str(tmp_path / "reports/report.txt")]  # fmt: skip


def test_both_models_are_played_and_compared(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    report = (tmp_path / "reports/report.txt").read_text(encoding="utf-8")
    assert "base base (mock/talker) against tuned tuned (mock/careful)" in report
    assert report in capsys.readouterr().out
    found = json.loads((tmp_path / "out/comparison.json").read_bytes())
    # Repetitions and split are those of config/marco_defaults.yaml.
    assert (found["pairs"], found["challenges"]) == (6, 3)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "base", "tuned", "comparison.json", "comparison.csv", "comparison.md", "comparison.svg",
    }  # fmt: skip


def test_the_settings_of_both_runs_are_shown_without_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-config", "--workers", "3"]) == 0
    said = capsys.readouterr().out
    assert "workers: 3 (--workers)" in said and "repetitions: 2 (config file" in said and "deployment." not in said
    assert main(["--print-config", "--deploy"]) == 0
    assert "deployment.replicas: 1 (config file)" in capsys.readouterr().out


def test_a_second_call_plays_nothing_again_and_gives_the_same_report(tmp_path: Path, words: list[str]) -> None:
    assert main(words) == 0
    report = (tmp_path / "reports/report.txt").read_bytes()
    calls = [(tmp_path / "out" / side / "api_calls.jsonl").read_bytes() for side in ("base", "tuned")]
    assert main(words) == 0
    assert (tmp_path / "reports/report.txt").read_bytes() == report
    assert [(tmp_path / "out" / side / "api_calls.jsonl").read_bytes() for side in ("base", "tuned")] == calls


def test_a_second_call_with_other_settings_is_refused_by_the_run(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    assert main([*words, "--repetitions", "1"]) == 2
    assert "you changed --repetitions: was 2, now 1" in capsys.readouterr().err


def test_finished_runs_are_compared_without_playing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    low = Made(tmp_path / "low").write({f"c{n}": [2] for n in range(12)})
    high = Made(tmp_path / "high").write({f"c{n}": [5] for n in range(12)})
    words = ["--base-run", str(high), "--tuned-run", str(low), "--report-path", str(tmp_path / "r.txt")]
    assert main(words) == 0 and main([*words, "--fail-if-worse"]) == 1
    assert "worse in Primitive Selection" in (tmp_path / "r.txt").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["high", "low", "r.txt"]


def test_the_base_may_be_a_finished_run_beside_a_played_one(tmp_path: Path, words: list[str]) -> None:
    assert main(words) == 0
    again = [*words, "--base-run", str(tmp_path / "out/base"), "--out-dir", str(tmp_path / "other")]
    assert main(again) == 0
    assert not (tmp_path / "other/base").exists() and (tmp_path / "other/tuned/summary.json").is_file()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--tuned-model", "nobody/x"], "--tuned-model nobody/x: no provider"),
        (["--out", "x"], "--out is set by this script; use --out-dir"),
        (["--participant-model=x"], "--base-model and --tuned-model"),
        (["--what"], "unknown flag --what"),
        (["--resamples", "1"], "a number from 100"),
    ],
)
def test_wrong_flags_are_refused(
    words: list[str], change: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, *change]) == 2
    assert says in capsys.readouterr().err


def test_what_is_missing_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tuned-model", "mock/careful"]) == 2
    assert "give --out-dir" in capsys.readouterr().err
    assert main(["--tuned-model", "mock/careful", "--out-dir", str(tmp_path / "out")]) == 2
    assert "give --base-model (or set FIREWORKS_MODEL_PARTICIPANT), or --base-run" in capsys.readouterr().err


def test_a_fireworks_model_is_told_that_nothing_is_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREWORKS_MODEL_PARTICIPANT", "accounts/fireworks/models/base")
    words = [
        "--tuned-model",
        "accounts/you/models/tuned",
        "--out-dir",
        str(tmp_path / "out"),
        "--judge-provider",
        "mock",
    ]
    assert main([*words, *NO_TOOLS]) == 2  # no key here
    said = capsys.readouterr().err
    assert "creates no deployment; fireworks/accounts/fireworks/models/base must be serverless" in said
    assert "FIREWORKS_API_KEY" in said
