"""`arena rejudge` as a command: what verify says of its runs, what is refused, and how it carries a run out."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from arena.cli import entry
from arena.formats.json_text import json_text
from arena.store import digests
from arena.store.journal import encode_line
from tests.support.arena_rig import ROOT, everything, results
from tests.support.rejudge_rig import calls, records, rejudge, three_matches
from tests.support.verify_rig import edit_lines, launder, verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return three_matches(tmp_path)


# -- verify ---------------------------------------------------------------------------------------------------------


def test_verify_holds_and_finds_a_changed_transcript_and_a_changed_judgement(run: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge-noisy", "--judge", "mock/judge", "--judge-repetitions", "2")
    rejudge(run, *words, "--out", str(tmp_path / "again"))
    assert "everything holds" in verify(tmp_path / "again", "--calculator-provider", "none").out

    def other_words(record: Any) -> None:
        record["transcript"][0]["text"] = "I water never."

    def other_grade(record: Any) -> None:
        panel = json.loads(record["judging"]["panel"])
        panel[0]["scores"]["Security Strength"] = 5
        record["judging"]["panel"] = json_text(panel)

    for name, edit, says in (
        ("words", other_words, "the match as it was played was changed in matches.jsonl"),
        ("grade", other_grade, "/judging/panel"),
    ):
        shutil.copytree(tmp_path / "again", tmp_path / name)
        edit_lines(tmp_path / name / "matches.jsonl", edit)
        launder(tmp_path / name)
        ended = verify(tmp_path / name, "--calculator-provider", "none")
        assert ended.code == 1 and says in ended.out, ended.out


def test_verify_finds_another_list_of_plays(run: Path, tmp_path: Path) -> None:
    rejudge(run, "--judge", "mock/judge", "--out", str(tmp_path / "again"))
    edit_lines(tmp_path / "again/inputs/plays.jsonl", lambda row: row.update(outcome="FAILED"))
    digests.write(tmp_path / "again")
    ended = verify(tmp_path / "again", "--calculator-provider", "none")
    assert ended.code == 1 and "plays_sha256" in ended.out


def test_what_is_beside_the_fields_of_every_run_is_documented(run: Path, tmp_path: Path) -> None:
    doc = (ROOT / "docs/run-directory.md").read_text(encoding="utf-8")
    text = doc.partition("## Where matches were judged again\n")[2].partition("\n## ")[0]
    words = ("--judge", "mock/judge-noisy", "--judge", "mock/judge", "--judge-repetitions", "2")
    rejudge(run, *words, "--out", str(tmp_path / "again"))
    added = {path.relative_to(tmp_path / "again").as_posix() for path in (tmp_path / "again").rglob("*")}
    added -= {path.relative_to(run).as_posix() for path in run.rglob("*")}
    assert added == {"inputs/plays.jsonl", "judge_agreement.json"}
    row = json.loads((tmp_path / "again/inputs/plays.jsonl").read_bytes().splitlines()[0])
    source = json.loads((tmp_path / "again/manifest.json").read_bytes())["identity"]["source"]
    found = json.loads((tmp_path / "again/judge_agreement.json").read_bytes())
    figures = set(found["agreement"]) | set(found["moved"]) | set(next(iter(found["agreement"]["dimensions"].values())))
    told = {*added, *row, *source, *found, *found["disagreements"], *figures} - {"resamples", "matches", "challenges"}
    unsaid = {name for name in told if f"`{name}`" not in text}
    assert unsaid <= {"alpha_ordinal_95", "alpha_interval_95", "judge_before", "dimensions"}, unsaid


# -- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "no judge: give"),
        (("--judge", "nobody/model"), "no provider"),
        (("--judge", "mock/nobody"), "mock has no model 'nobody' among its judges"),
        (("--judge", "openai"), "needs a model id"),
        (("--judge", "mock/judge", "--judge", "mock/judge"), "is in the panel twice"),
        (("--judge-model", "mock/judge", "--judge", "mock/judge"), "is in the panel twice"),
        (("--judge", "mock/judge", "--judge-repetitions", "0"), "--judge-repetitions"),
        (("--judge", "mock/judge", "--participant-model", "mock/careful"), "unknown flag --participant-model"),
        (("--judge", "mock/judge", "--judge-tools"), "played without the calculator"),
        (("--judge", "scripted/nowhere.json"), "nowhere.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    run: Path, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    ended = rejudge(run, *words, "--out", str(tmp_path / "again"))
    assert ended.code == 2 and says in ended.err, ended.err
    assert not (tmp_path / "again").exists()


def test_a_new_run_directory_must_be_named_and_lie_elsewhere(run: Path, tmp_path: Path) -> None:
    before = everything(run)
    for out in (run, run / "again", tmp_path / "x/../run"):
        ended = rejudge(run, "--judge", "mock/judge", "--out", str(out))
        assert ended.code == 2 and "which is only read" in ended.err
    assert "name the new run directory with --out" in rejudge(run, "--judge", "mock/judge").err
    ended = rejudge(run, "--judge", "mock/judge", "--resume", "--out", str(run))
    assert ended.code == 2 and everything(run) == before


def test_a_run_that_is_not_finished_or_was_changed_is_refused(run: Path, tmp_path: Path) -> None:
    out = ("--judge", "mock/judge", "--out", str(tmp_path / "again"))
    assert "is not a run directory" in rejudge(tmp_path, *out).err
    edit_lines(run / "matches.jsonl", lambda record: record.update(outcome="SUCCESS"))
    ended = rejudge(run, *out)
    assert ended.code == 2 and "matches.jsonl: was changed after the run" in ended.err
    (run / "digests.json").unlink()
    ended = rejudge(run, *out)
    assert ended.code == 2 and "the run is not finished; --resume finishes it" in ended.err
    assert not (tmp_path / "again").exists()


def of_strangers(run: Path, which: str) -> None:
    """Let a run say that a model of a provider that nobody knows played or judged it."""
    manifest = json.loads((run / "manifest.json").read_bytes())
    identity = manifest["identity"]
    identity["models"][which] = "nobody/x"
    others = {name: value for name, value in identity.items() if name != "sha256"}
    identity["sha256"] = hashlib.sha256(encode_line(others)).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest))
    launder(run)


def test_a_run_of_a_provider_that_is_unknown_is_refused(run: Path, tmp_path: Path) -> None:
    of_strangers(run, "participant")
    ended = rejudge(run, "--judge", "mock/judge", "--out", str(tmp_path / "again"))
    assert ended.code == 2 and ended.err == (
        f"arena rejudge: {run}/manifest.json: /identity/models: unknown provider in nobody/x; score the run with the"
        " version that played it\n"
    )


def test_answers_of_a_judge_that_is_unknown_are_refused(run: Path, tmp_path: Path) -> None:
    of_strangers(run, "judge")
    ended = rejudge(run, "--from-batch", str(tmp_path / "answers.jsonl"), "--out", str(tmp_path / "again"))
    assert ended.code == 2 and ended.err == (
        f"arena rejudge: {run}/manifest.json: /identity/models: unknown judge in nobody/x; score the run with the"
        " version that played it\n"
    )


def test_a_resume_with_other_judges_limits_or_matches_is_another_run(run: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "again"), "--resume")
    rejudge(run, "--judge", "mock/judge", *out[:2])
    before = everything(tmp_path / "again")
    for words in (("--judge", "mock/judge-noisy"), ("--judge", "mock/judge", "--judge-repetitions", "2"),
                  ("--judge", "mock/judge", "--judge-max-chars-total", "100")):  # fmt: skip
        ended = rejudge(run, *words, *out)
        assert ended.code == 2 and "was started otherwise" in ended.err
    edit_lines(run / "matches.jsonl", lambda record: record["transcript"][0].update(text="other words"))
    launder(run)
    ended = rejudge(run, "--judge", "mock/judge", *out)
    assert ended.code == 2 and "the run that is judged again is another one, or was changed" in ended.err
    assert everything(tmp_path / "again") == before


# -- the command----------------------------------------------------------------------------------------------------


def test_a_dry_run_bounds_the_judges_calls_alone(run: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge", "--judge-repetitions", "4", "--judge-max-tokens", "100", "--dry-run")
    ended = rejudge(run, *words)
    found = {line.split("  ")[0]: line.split() for line in ended.out.splitlines() if "  " in line.strip()}
    assert found["matches"][-1] == "3" and found["calls"][1:] == ["12", "36"]
    assert int(found["longest question to a judge"][-2].replace(",", "")) > 2000
    assert ended.code == 0 and not list(tmp_path.glob("again*"))


def test_json_is_one_object_with_summary_and_agreement(run: Path, tmp_path: Path) -> None:
    words = ("--judge", "mock/judge-noisy", "--judge-repetitions", "2", "--json", "--out", str(tmp_path / "again"))
    found = json.loads(rejudge(run, *words).out)
    assert found["scored"] == 3 and found["judge_agreement"]["agreement"]["matches"] == 3


def test_quiet_says_nothing(run: Path, tmp_path: Path) -> None:
    ended = rejudge(run, "--judge", "mock/judge", "--quiet", "--out", str(tmp_path / "again"))
    assert (ended.code, ended.text) == (0, "")


def test_a_budget_stops_cleanly_and_a_higher_one_goes_on(run: Path, tmp_path: Path) -> None:
    words = (
        "--judge",
        "mock/judge-noisy",
        "--judge-repetitions",
        "3",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "again"),
    )
    ended = rejudge(run, *words, "--max-calls", "5")
    assert ended.code == 0
    assert "resume with: python3 -m arena rejudge" in ended.err and "--resume" in ended.err
    assert [record["status"] for record in records(tmp_path / "again")] == ["done", "limit"]
    assert rejudge(run, *words, "--max-calls", "9", "--resume").code == 0
    assert len(calls(tmp_path / "again")) == 9
    rejudge(run, *words[:-1], str(tmp_path / "at once"))
    assert results(tmp_path / "again") == results(tmp_path / "at once")


def test_workers_do_not_change_a_byte(run: Path, tmp_path: Path) -> None:
    for workers in ("1", "4"):
        words = ("--judge", "mock/judge-noisy", "--judge-repetitions", "3", "--workers", workers)
        rejudge(run, *words, "--out", str(tmp_path / workers))
    assert results(tmp_path / "1") == results(tmp_path / "4")


def test_settings_of_players_in_a_config_file_are_refused(run: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"max_turns": 3, "judges": ["mock/judge"], "judge_repetitions": 2}))
    ended = rejudge(run, "--config", str(config), "--out", str(tmp_path / "again"))
    assert ended.code == 2 and "unknown setting 'max_turns'" in ended.err
    config.write_text(json.dumps({"judges": ["mock/judge"], "judge_repetitions": 2}))
    assert rejudge(run, "--config", str(config), "--out", str(tmp_path / "again")).code == 0
    assert len(calls(tmp_path / "again")) == 6


def test_settings_of_the_matches_are_those_of_the_run(tmp_path: Path) -> None:
    """Who cheats decides about the plan: judged as if nobody cheated, the matches would lose their conduct."""
    words = ("--challenge-ids", "workshop-approval,ferry-cabin-toss", "--adversary", "told", "--op-level", "primitive")
    run, again = tmp_path / "run", tmp_path / "again"
    assert entry.main(["run", *words, "--calculator-provider", "none", "--quiet", "--out", str(run)]) == 0
    assert rejudge(run, "--judge", "mock/judge", "--out", str(again)).code == 0
    before, after = (json.loads((path / "manifest.json").read_bytes())["identity"] for path in (run, again))
    assert after["settings"] == before["settings"] and after["settings"]["adversary"] == "told"
    assert [record["plan"] for record in records(again)] == [record["plan"] for record in records(run)]
    assert any("conduct" in record["plan"] for record in records(run))


@pytest.mark.parametrize("words", [("--adversary", "told"), ("--op-level", "primitive"), ("--gates", "gates.yaml")])
def test_settings_of_the_matches_have_no_flag(run: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = rejudge(run, "--judge", "mock/judge", *words, "--out", str(tmp_path / "again"))
    assert ended.code == 2 and f"unknown flag {words[0]}" in ended.err
