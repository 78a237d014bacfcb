"""`arena run`: three ways to start it, help and version, and mistakes that end with one clear line."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from arena import __version__
from arena.__main__ import main as installed
from arena.cli.commands import COMMANDS
from arena.cli.entry import main as other_doors
from tests.support.arena_rig import (
    NO_TOOLS,
    ROOT,
    arena,
    challenge,
    challenge_file,
    environment,
    process,
    results,
)

DOORS = (("-m", "arena.run"), (str(ROOT / "arena" / "run.py"),), ("-m", "arena", "run"))


def test_the_three_entry_points_are_the_same_command(tmp_path: Path) -> None:
    found = []
    for number, door in enumerate(DOORS):
        out = tmp_path / str(number) / "run"
        ended = process("--limit", "2", *NO_TOOLS, "--out", str(out), door=door)
        assert ended.code == 0, ended.err
        found.append((ended.out.replace(str(out), "OUT"), ended.err.replace(str(out), "OUT"), results(out)))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("door", DOORS, ids=["-m arena.run", "arena/run.py", "-m arena run"])
def test_every_entry_point_reports_mistakes_and_version_alike(door: tuple[str, ...], tmp_path: Path) -> None:
    wrong = process("--no-such-flag", door=door)
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == arena("--no-such-flag").err
    assert process("--version", door=door).out == f"arena {__version__}\n"


def test_a_clone_is_playable_from_any_working_directory(tmp_path: Path) -> None:
    ended = process("--limit", "1", *NO_TOOLS, "--out", "here", door=DOORS[1], cwd=tmp_path)
    assert ended.code == 0 and (tmp_path / "here" / "summary.json").is_file()


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_arena_help_lists_the_commands(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert other_doors(words) == 0
    said = capsys.readouterr().out
    assert COMMANDS and max(map(len, said.splitlines())) <= 80
    flat = re.sub(r"\s+", " ", said)
    for name, command in COMMANDS.items():
        assert f" {name} {command.summary} " in flat


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert other_doors(["--version"]) == 0
    assert capsys.readouterr().out == f"arena {__version__}\n" == arena("--version").out


def test_the_installed_command_equals_the_other_entry_points() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"arena": "arena.__main__:main"} and installed is other_doors


def test_the_first_command_of_the_readme_plays_the_whole_set_with_the_real_calculator(
    tmp_path: Path, calculator_binary: Path
) -> None:
    ended = process("--out", str(tmp_path / "run"))
    assert ended.code == 0, ended.err
    records = ended.records()
    assert len(records) == ended.json("summary.json")["n_planned"] >= 12
    assert {record["status"] for record in records} == {"done"}
    for record in records:
        assert any(entry["kind"] == "call" and entry["answer"]["ok"] for entry in record["transcript"]), record["key"]
    assert f"{len(records)} of {len(records)} matches finished" in ended.out
    assert f"results: {tmp_path / 'run'}" in ended.out


def test_help_comes_before_everything_else() -> None:
    ended = arena("--help", "--no-such-flag")
    assert ended.code == 0 and ended.out.startswith("usage: arena run")


BAD_YAML = "challenges: a\nseed: [1\n"
BAD_RULE = (ROOT / "config" / "outcome_rule.yaml").read_text(encoding="utf-8").replace("all >= 4", "all >= 7")
BAD_PRICES = "version: 1\nunit: usd_per_million_tokens\nmodels:\n  local/m:\n    prompt: -1\n    completion: 2\n"
REAL = ("--participant-model", "local/m")

MISTAKES = {
    "unknown flag": (("--turns", "3"), "unknown flag --turns"),
    "misspelt flag": (("--max-turn", "3"), "did you mean --max-turns"),
    "stray word": (("mock",), "unexpected argument 'mock'"),
    "value missing": (("--seed",), "--seed"),
    "no number": (("--max-turns", "many"), "--max-turns"),
    "negative number": (("--max-turns", "-1"), "--max-turns"),
    "negative repetitions": (("--repetitions", "-2"), "--repetitions"),
    "negative ceiling": (("--max-calls", "-1"), "--max-calls"),
    "limit of nothing": (("--limit", "0"), "--limit"),
    "seed too large": (("--seed", "9223372036854775809"), "at most 9223372036854775807, not 9223372036854775809"),
    "no workers": (("--workers", "0"), "--workers"),
    "file missing": (("--challenges", "missing.json"), "missing.json: cannot be read"),
    "file broken": (("--challenges", "broken.json"), "broken.json: line 1"),
    "file wrong": (("--challenges", "wrong.json"), "wrong.json: /challenges/0/participants"),
    "unknown id": (("--challenge-ids", "no-such"), "no-such"),
    "unknown split": (("--challenge-split", "heldout"), "heldout_eval"),
    "split of a v1 file": (("--challenges", "v1.json", "--challenge-split", "train"), "format 1"),
    "directory in use": (("--out", "full"), "full is not empty"),
    "directory is a file": (("--out", "v1.json"), "v1.json"),
    "directory in a file": (("--out", "v1.json/run"), "v1.json/run"),
    "directory's name too long": (("--out", "x" * 300), "File name too long"),
    "resume without a run": (("--resume", "--out", "nothing-here"), "nothing-here holds no manifest.json"),
    "resume without a name": (("--resume",), "--out"),
    "retry without resume": (("--retry", "aborted"), "--resume"),
    "role model without provider": (("--role-model", "Ines=gpt-9"), "gpt-9"),
    "role model without role": (("--role-model", "mock/careful"), "--role-model"),
    "role that nobody plays": (("--role-model", "Nobody=mock/careless"), "Nobody"),
    "unknown provider": (("--participant-provider", "telepathy"), "telepathy"),
    "unknown mock": (("--participant-model", "mock/genius"), "genius"),
    "script missing": (("--participant-model", "scripted/none.json"), "none.json"),
    "script broken": (("--participant-model", "scripted/broken.json"), "broken.json"),
    "recording missing": (("--participant-model", "replay/nothing"), "nothing"),
    "model missing": (("--participant-provider", "groq", "--judge-provider", "mock"), "--participant-model"),
    "key missing": (("--participant-model", "openai/m", "--judge-provider", "mock"), "OPENAI_API_KEY"),
    "judge missing": (REAL, "no judge"),
    "judge's model missing": ((*REAL, "--judge-provider", "local"), "--judge-model"),
    "judge without a calculator": (("--judge-tools", *NO_TOOLS), "--judge-tools"),
    "lambda without a place": (("--calculator-provider", "lambda"), "CRYPTOMATH_LAMBDA_URL"),
    "settings file broken": (("--config", "bad.yaml"), "bad.yaml: line 2, column "),
    "settings file unknown key": (("--config", "unknown.yaml"), "sed"),
    "outcome rule wrong": (("--outcome-rule", "rule.yaml"), "rule.yaml: /rules/0/when"),
    "prices wrong": (("--prices", "prices.yaml"), "prices.yaml: /models/local~1m"),
    "ceiling without a price": ((*REAL, "--judge-provider", "mock", "--max-cost-usd", "1"), "no price for local/m"),
    "contradiction": (("--quiet", "--progress"), "--quiet"),
    "port that is none": (("--calculator-provider", "lambda", "--calculator-lambda-url", "http://h:99999/"), "99999"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_exit_code_2_and_nothing_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, says = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("{", encoding="utf-8")
    Path("bad.yaml").write_text(BAD_YAML, encoding="utf-8")
    Path("unknown.yaml").write_text("sed: 3\n", encoding="utf-8")
    Path("rule.yaml").write_text(BAD_RULE, encoding="utf-8")
    Path("prices.yaml").write_text(BAD_PRICES, encoding="utf-8")
    challenge_file(Path("wrong.json"), challenge("a", participants=[]))
    old = {key: value for key, value in challenge("a").items() if key not in ("split", "primitive_family", "domain")}
    challenge_file(Path("v1.json"), old, format_=1)
    Path("full").mkdir()
    Path("full/diary.txt").write_text("mine", encoding="utf-8")
    before = sorted(str(path) for path in Path().rglob("*"))
    place = () if "--out" in words or "--resume" in words else ("--out", "run")
    tools = () if "--calculator-provider" in words else NO_TOOLS
    ended = arena(*words, *place, *tools)
    assert ended.code == 2 and ended.out == ""
    assert ended.err.startswith("arena run: ") and says in ended.err
    assert ended.err.count("\n") == 1 or name == "file wrong", "one line; an issue of a file each"
    assert sorted(str(path) for path in Path().rglob("*")) == before, "nothing is written"


def test_a_judge_never_falls_back_to_the_players_model(tmp_path: Path) -> None:
    ended = arena(*REAL, *NO_TOOLS, "--out", str(tmp_path / "run"))
    assert ended.code == 2 and "never judges itself" in ended.err
    mixed = arena("--role-model", "Ines=local/m", *NO_TOOLS, "--out", str(tmp_path / "run"))
    assert mixed.code == 2 and "no judge" in mixed.err


def test_all_issues_of_a_challenge_file_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    first, second = challenge("a", difficulty=3), challenge("b")
    del second["judge"]
    file = challenge_file(tmp_path / "two.json", first, second)
    ended = arena("--challenges", file, "--out", str(tmp_path / "run"), *NO_TOOLS)
    assert ended.code == 2
    assert "/challenges/0/difficulty" in ended.err and "/challenges/1" in ended.err and "judge" in ended.err


def test_an_installed_package_without_the_data_ends_with_a_clear_error(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "arena", tmp_path / "site" / "arena", ignore=shutil.ignore_patterns("__pycache__"))
    ended = process("--out", "run", door=("-m", "arena", "run"), cwd=tmp_path / "site")
    assert ended.code == 2 and ended.err.count("\n") == 1
    assert str(tmp_path / "site") in ended.err and "docs/installing.md" in ended.err
    assert not (tmp_path / "site" / "run").exists()
    assert process("--help", door=("-m", "arena"), cwd=tmp_path / "site").code == 0


def test_without_out_a_run_goes_to_its_own_directory_under_state_runs(tmp_path: Path) -> None:
    for part in ("arena", "src", "config"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    places = set()
    for _ in range(2):  # within one second, as a script would
        ended = process("--limit", "1", *NO_TOOLS, cwd=tmp_path, environ=environment())
        assert ended.code == 0, ended.err
        told = re.search(r"^run directory: (.*)$", ended.err, re.M)
        assert told and f"results: {told[1]}" in ended.out, "told at the start and at the end"
        place = Path(told[1])
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        short = manifest["identity"]["sha256"][:8]
        assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-{short}(-\d+)?", place.name)
        assert place.parent == tmp_path / "state" / "runs"
        places.add(place)
    assert len(places) == 2
