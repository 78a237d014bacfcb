"""`arena runs`, `arena show`, --last and `arena report --open`: the runs under state/runs at hand."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from arena.cli import run_choice
from arena.cli.commands.runs import SHOWN, ListedRun, runs_text
from arena.cli.conversation import INDENT, conversation, visible
from arena.cli.entry import main
from arena.cli.run_choice import started_runs
from tests.support.made_manifest import made_manifest
from tests.support.plain_records import read
from tests.support.report_rig import HOSTILE, fault, record, write_run
from tests.support.verify_rig import edit_lines


@pytest.fixture
def runs_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state" / "runs"
    folder.mkdir(parents=True)
    monkeypatch.setattr(run_choice, "RUNS_DIR", folder)
    monkeypatch.setenv("COLUMNS", "120")
    return folder


def summary(done: int = 2, error: int = 0, usd: float = 1.25, unpriced: Sequence[str] = ()) -> str:
    statuses = {"done": done, "aborted": 0, "denied": 0, "limit": 0, "error": error}
    return json.dumps(
        {"statuses": statuses, "success_rate": 0.5, "cost_usd": {"usd": usd, "unpriced": list(unpriced), "prices": {}}}
    )


def session(started: str) -> dict[str, Any]:
    """Return a session of a manifest that started then."""
    return {**made_manifest({})["sessions"][0], "started_utc": started}


def make(folder: Path, name: str, started: str, closed: str | None = None, **rest: object) -> Path:
    """Write a run of two matches that started then; `closed` is its summary.json."""
    sessions = [session(started)]
    run = write_run(folder / name, [record("c1"), record("c1", 1)], sessions=sessions, created_utc=started)
    if closed is not None:
        (run / "summary.json").write_text(closed, encoding="utf-8")
    return run


def out_of(words: Sequence[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert main(list(words)) == code
    return capsys.readouterr().out


# arena runs


def test_runs_lists_the_newest_first(runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(runs_dir, "b-old", "2026-01-01T10:00:00Z", summary())
    make(runs_dir, "a-new", "2026-01-02T10:00:00Z", summary(done=1, error=1, unpriced=["local/m"]))
    make(runs_dir, "c-open", "2025-01-02T10:00:00Z")
    lines = out_of(["runs"], capsys).splitlines()
    assert [line.split() for line in lines[2:5]] == [
        ["a-new", "2026-01-02", "10:00", "local/m,", "judge", "local/j", "1/2", "50.0%", "-", "incomplete"],
        ["b-old", "2026-01-01", "10:00", "local/m,", "judge", "local/j", "2/2", "50.0%", "$1.25", "complete"],
        ["c-open", "2025-01-02", "10:00", "local/m,", "judge", "local/j", "-", "-", "-", "unfinished"],
    ]
    assert lines[5:] == ["unfinished, incomplete: the command of the run, with --resume, plays the rest"]


@pytest.mark.parametrize(
    ("file", "content"),
    [("manifest.json", "{"), ("manifest.json", '{"sessions": 3}'), ("summary.json", "[]"), ("summary.json", "{}")],
)
def test_damaged_run_is_listed_as_unreadable(
    file: str, content: str, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(runs_dir, "good", "2026-01-01T10:00:00Z", summary())
    (make(runs_dir, "bad", "2026-01-02T10:00:00Z", summary()) / file).write_text(content, encoding="utf-8")
    listed = {row["name"]: row["state"] for row in json.loads(out_of(["runs", "--json"], capsys))}
    assert listed == {"good": "complete", "bad": "unreadable"}


def test_folder_without_manifest_is_no_run(runs_dir: Path) -> None:
    (runs_dir / "notes").mkdir()
    (runs_dir / "file.txt").write_text("x", encoding="utf-8")
    assert started_runs(runs_dir) == [] == started_runs(runs_dir / "missing")


def test_runs_of_a_missing_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--dir", str(tmp_path / "none")]) == 2
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("width", [60, 80, 200])
def test_runs_fit_the_terminal(width: int) -> None:
    row = ListedRun("20260101T100000Z-0123abcd", "2026-01-01T10:00:00Z", "groq/some-model", "openai/j", 60, 60, 0.5,
                    12.5, "complete")  # fmt: skip
    text = runs_text([row, row], width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert all(part in text for part in (row.name, "60/60", "50.0%", "$12.50", "complete", "groq/some-model"))


def test_runs_lists_the_newest_twenty_and_all_when_asked(runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(SHOWN + 2):
        make(runs_dir, f"r{number:02}", f"2026-01-{number + 1:02}T10:00:00Z", summary())
    lines = out_of(["runs"], capsys).splitlines()[2:]
    assert [line.split()[0] for line in lines[:-1]] == [f"r{number:02}" for number in range(SHOWN + 1, 1, -1)]
    assert lines[-1] == "and 2 older ones: --all lists them"
    assert len(out_of(["runs", "--all"], capsys).splitlines()[2:]) == SHOWN + 2
    assert len(json.loads(out_of(["runs", "--json"], capsys))) == SHOWN + 2


def test_models_stand_below_each_run_where_the_table_is_too_wide() -> None:
    row = ListedRun("20260101T100000Z-0123abcd", "2026-01-01T10:00:00Z", "groq/some-model", "openai/j", 6, 6, 0.5,
                    1.5, "complete")  # fmt: skip
    lines = runs_text([row, row], 80).splitlines()
    assert lines[0].split() == ["run", "started", "(UTC)", "done", "success", "cost", "state"]
    assert lines[3] == lines[5] == "    groq/some-model, judge openai/j"


def test_name_of_a_run_cannot_steer_the_terminal(runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(runs_dir, "x\x1b[2Jy", "2026-01-01T10:00:00Z", summary())
    assert "\x1b" not in out_of(["runs"], capsys)


# --last


def test_last_is_the_run_whose_newest_session_started_last(runs_dir: Path) -> None:
    make(runs_dir, "a", "2026-01-03T10:00:00Z")
    old = make(runs_dir, "z", "2026-01-02T10:00:00Z")
    assert run_choice.newest(1) == [runs_dir / "a"]
    manifest = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    manifest["sessions"].append(session("2026-01-04T10:00:00Z"))  # resumed
    (old / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert run_choice.newest(2) == [old, runs_dir / "a"]


@pytest.mark.parametrize("words", [["verify"], ["check"], ["report", "--quiet"], ["show", "c1"]])
def test_last_stands_for_the_newest_run(
    words: list[str], runs_dir: Path, finished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(runs_dir, "old", "2020-01-01T10:00:00Z")
    newest = Path(shutil.copytree(finished_run, runs_dir / "a-copy"))
    first = json.loads((newest / "matches.jsonl").read_bytes().splitlines()[0])["unit"]
    named = [first if word == "c1" else word for word in words]
    path = [str(newest)] if words[0] != "show" else [str(newest), first]
    last = out_of([*named, "--last"], capsys)
    rest = [word for word in named[1:] if word != first]
    assert last == out_of([named[0], *path, *rest], capsys)
    assert (newest / "report.html").exists() is (words[0] == "report")


def test_last_completes_a_comparison(runs_dir: Path, finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, day in (("one", 1), ("two", 2), ("three", 3)):
        copy = Path(shutil.copytree(finished_run, runs_dir / name))
        manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
        manifest["sessions"][-1]["started_utc"] = f"2099-01-0{day}T10:00:00Z"
        (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    quick = ["--resamples", "100"]
    one, two, three = (str(runs_dir / name) for name in ("one", "two", "three"))
    assert out_of(["compare", one, "--last", *quick], capsys) == out_of(["compare", one, three, *quick], capsys)
    assert out_of(["compare", "--last", *quick], capsys) == out_of(["compare", two, three, *quick], capsys)
    assert main(["compare", one, two, "--last"]) == 2


def test_comparison_of_the_newest_needs_two_runs(runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(runs_dir, "only", "2026-01-03T10:00:00Z")
    assert main(["compare", "--last"]) == 2
    assert "there is only 1 run under" in capsys.readouterr().err


# arena report --open


@pytest.mark.parametrize(("opens", "warned"), [(True, False), (False, True)])
def test_report_open_starts_a_browser_or_says_it_cannot(
    opens: bool, warned: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or opens)
    run = write_run(tmp_path / "run", [record()])
    assert main(["report", str(run), "--open"]) == 0
    assert asked == [(run / "report.html").as_uri()]
    assert ("no browser could be started" in capsys.readouterr().err) is warned


def test_report_opens_nothing_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("opened"))
    assert main(["report", str(write_run(tmp_path / "run", [record()])), "--quiet"]) == 0


# arena show


def test_show_prints_turns_calls_answers_and_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [record("c1"), fault("c2")])
    assert out_of(["show", str(run), "c1"], capsys) == (
        "crypto/c1/rep_0\n"
        "participant local/m, difficulty Basic\n"
        "\n"
        "[0] Ana calls hash (call 0.0.0):\n"
        '    {"m": "x"}\n'
        '    -> "ab"\n'
        "[0] Ana:\n"
        "    Good morning, Bo.\n"
        "[1] Bo malformed: not closed\n"
        "    {call\n"
        "[1] Bo:\n"
        "    Agreed.\n"
        '    {"done": {"result": 7}}\n'
        "\n"
        "done, agreed end\n"
        "outcome: SUCCESS\n"
        "  Primitive Selection: 4\n"
        "  Negotiation Skills: 4\n"
        "  Implementation Correctness: 4\n"
        "  Computation / Tool Usage: 4\n"
        "  Security Strength: 4\n"
        "verdict:\n"
        "    They settled it.\n"
    )


def test_show_says_why_a_trial_has_no_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = out_of(["show", str(write_run(tmp_path / "run", [fault("c2")])), "c2"], capsys)
    assert said.endswith("\nerror, provider: HTTP 500\nnot scored: not judged: provider\n")


@pytest.mark.parametrize(
    ("words", "key"), [(["c1"], "rep_0"), (["c1", "--rep", "1"], "rep_1"), (["crypto/c1/rep_1"], "rep_1")]
)
def test_show_chooses_the_trial(words: list[str], key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [record("c1"), record("c1", 1), record("c2")])
    assert out_of(["show", str(run), *words], capsys).startswith(f"crypto/c1/{key}\n")
    assert json.loads(out_of(["show", str(run), *words, "--json"], capsys))["key"] == f"crypto/c1/{key}"


def test_show_numbers_trials_that_are_no_repetitions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    played = ["risk", "run", "--trials", "1", "--attacks", "direct,split", "--out", out, "--quiet"]
    assert main(played) == 0
    capsys.readouterr()
    unit = json.loads((tmp_path / "run" / "matches.jsonl").read_text(encoding="utf-8").splitlines()[0])["unit"]
    assert main(["show", out, unit]) == 0
    listed = re.findall(r"--rep (\d)  (\S+)", capsys.readouterr().err)
    assert [number for number, _ in listed] == ["0", "1", "2"]
    for number, key in listed:
        assert out_of(["show", out, unit, "--rep", number], capsys).startswith(f"{key}\n")
    assert main(["show", out, unit, "--rep", "3"]) == 2
    assert "has no such repetition, but 0, 1, 2" in capsys.readouterr().err


def test_show_takes_the_newest_record_of_a_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [fault("c1"), record("c1")])
    assert "outcome: SUCCESS" in out_of(["show", str(run), "c1"], capsys)


@pytest.mark.parametrize("words", [[], ["c1"], ["a", "b", "c"], ["--last", "a", "b"], ["--last"]])
def test_show_needs_a_run_and_a_unit(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *words]) == 2
    assert "arena show RUN UNIT" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["transcript", "cell", "scores", "stop"])
def test_show_refuses_a_damaged_record(field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [record("c1")])
    edit_lines(run / "matches.jsonl", lambda line: line.update({field: 7}))
    assert main(["show", str(run), "c1"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "matches.jsonl" in said.err and "Traceback" not in said.err


@pytest.mark.parametrize(("raw", "shown"), [("\x1b[31m", "\\x1b[31m"), ("a\u202eb", "a\\u202eb"), ("\x07", "\\x07"),
                                            ("\U000e0041", "\\U000e0041"), ("a\r\tb", "a\\x0d\\x09b"),
                                            ("ö\n買い手", "ö\n買い手")])  # fmt: skip
def test_hostile_characters_are_made_visible(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_cannot_steer_or_pass_for_ours(name: str) -> None:
    plain, hostile = record("c1"), record("c1")
    hostile["transcript"][1]["text"] = (
        HOSTILE[name] + "\n[9] Bo:\n    I confess.\ndone, agreed end\u2028outcome: FAILED"
    )
    hostile["verdict"] = HOSTILE[name]
    shown = conversation(read(hostile), 80)
    assert all(line.isprintable() for line in shown.split("\n"))

    def ours(text: str) -> list[str]:
        return [line for line in text.split("\n") if not line.startswith(INDENT)]

    assert ours(shown) == ours(conversation(read(plain), 80))


def test_conversation_fits_the_width() -> None:
    long = record("c1", verdict="word " * 100)
    long["transcript"][0]["answer"] = {"ok": True, "result": "ab" * 3000}
    text = conversation(read(long), 60)
    assert max(len(line) for line in text.split("\n")) <= 60
    assert "more characters)" in text.replace("\n    ", " ")


def test_call_with_an_error_shows_the_error() -> None:
    failing = record("c1")
    failing["transcript"][0]["answer"] = {"ok": False, "error": {"code": "bad_args"}}
    assert '    -> {"error": {"code": "bad_args"}}\n' in conversation(read(failing), 80)


def test_words_for_one_listener_are_marked() -> None:
    whisper = record("c1")
    whisper["transcript"][1]["to"] = ["Bo"]
    assert "[0] Ana (only to Bo):\n" in conversation(read(whisper), 80)
