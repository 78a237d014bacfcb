"""Values that the calculator draws at the start of play: journaled, seeded, private, resumed, replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.errors import UsageError
from arena.families.crypto.challenges.lint import lint
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.results import Checks
from arena.families.crypto.values import draw_alone
from arena.formats.decode import decode
from arena.messages import ToolAnswer
from arena.play.services import SETUP_SEAT
from tests.support.plain_records import records_of
from tests.support.table_fakes import FakeCalculator

DATA = Path(__file__).resolve().parents[2] / "data" / "calculator_draws"
SET = DATA / "set.json"
PLAY = DATA / "reference_plays" / "boat-house-hatch.json"
WORDS = ["run", "--challenges", str(SET), "--judge-model", "mock/judge", "--quiet", "--repetitions", "2"]


def run(out: Path, *words: str, model: str = f"scripted/{PLAY}") -> int:
    return main([*WORDS, "--participant-model", model, "--out", str(out), *words])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def played(calculator_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("draws") / "run"
    assert run(out) == 0
    return out


def test_a_draw_that_the_calculator_refuses_is_named_outside_of_a_match() -> None:
    class Refusing(FakeCalculator):
        def call(self, op: str, args: Any, seed: str) -> ToolAnswer:
            return ToolAnswer({"ok": False, "error": {"code": "bad_args", "message": "p is no prime"}}, 0.1)

    values = {"lock": {"draw": "calculator", "op": "modpow", "args": {"p": "4"}}}
    with pytest.raises(UsageError) as caught:
        draw_alone({"id": "boat", "instance": {"values": values}}, "00" * 32, "crypto/boat/rep_0", Refusing())
    assert str(caught.value) == "boat: the value 'lock': modpow answered bad_args: p is no prime"


def test_the_set_is_a_good_one() -> None:
    ops = {"keygen", "ec_mul", "random_bytes", "schnorr_pok_prove", "schnorr_pok_verify"}
    assert not [finding for finding in lint(load(SET), ops) if finding.level == "error"]


def test_a_play_with_a_drawn_key_ends_right_with_every_check_green(played: Path) -> None:
    for record in records_of(played):
        checks = record["judging"]["checks"]
        assert record["stop"] == "agreed_end" and checks["result"]["verdict"] == "right"
        assert decode(Checks, checks, "").all_green and checks["leaks"] is not None
        verified = [e for e in record["transcript"] if e["kind"] == "call" and e["op"] == "schnorr_pok_verify"]
        assert [entry["answer"]["result"]["valid"] for entry in verified] == [True], "the mark belongs to the key"


def test_the_draws_are_calls_of_the_journal_before_any_turn(played: Path) -> None:
    calls = lines(played / "api_calls.jsonl")
    drawn = [call for call in calls if call.get("seat") == SETUP_SEAT]
    for trial in {call["trial"] for call in drawn}:
        assert [call["op"] for call in drawn if call["trial"] == trial] == ["keygen", "ec_mul"]
    assert len(drawn) == 4
    assert SETUP_SEAT not in (played / "matches.jsonl").read_text(encoding="utf-8")


def test_every_match_draws_another_key_and_the_same_run_the_same(played: Path, tmp_path: Path) -> None:
    first = [record["instance"] for record in records_of(played)]
    assert first[0]["own_number"] != first[1]["own_number"]
    assert run(tmp_path / "again") == 0
    assert (tmp_path / "again/matches.jsonl").read_bytes() == (played / "matches.jsonl").read_bytes()


def test_only_the_owner_is_told_its_half_and_all_are_told_the_known_one(played: Path) -> None:
    record = records_of(played)[0]
    own, mark = record["instance"]["own_number"], record["instance"]["mark"]
    views = played / "matches/boat-house-hatch/rep_0/role_views"
    prompts = {role: json.loads((views / f"{role}.json").read_text())["system_prompt"] for role in ("Rower", "Keeper")}
    assert own in prompts["Rower"] and own not in prompts["Keeper"]
    assert all(mark in prompt for prompt in prompts.values())
    public = " ".join(entry["text"] for entry in record["transcript"] if entry["kind"] == "say")
    assert own not in public


def test_a_resumed_match_takes_its_values_from_the_journal(played: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run(out, "--max-calls", "5") == 0, "a ceiling stops it within the first match"
    assert {record["status"] for record in records_of(out)} == {"limit"}
    assert run(out, "--resume") == 0
    assert (out / "matches.jsonl").read_bytes() == (played / "matches.jsonl").read_bytes()
    drawn = [call for call in lines(out / "api_calls.jsonl") if call.get("seat") == SETUP_SEAT]
    assert len(drawn) == 4, "nothing is drawn twice"


def test_a_replay_needs_no_calculator(played: Path, tmp_path: Path) -> None:
    words = ("--calculator-provider", "none", "--judge-model", f"replay/{played}")
    assert run(tmp_path / "run", *words, model=f"replay/{played}") == 0
    again = records_of(tmp_path / "run")
    assert [r["instance"] for r in again] == [r["instance"] for r in records_of(played)]


def test_without_a_calculator_the_match_is_an_error_that_names_the_value(tmp_path: Path) -> None:
    assert run(tmp_path / "run", "--calculator-provider", "none", model="mock/careful") == 1
    record = records_of(tmp_path / "run")[0]
    assert record["stop"] == "calculator" and "'pair' is drawn by the calculator" in record["detail"]
    assert not record["transcript"]


def test_mock_players_keep_a_drawn_key_to_themselves(calculator_binary: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "run", model="mock/careful") == 0
    for record in records_of(tmp_path / "run"):
        assert record["judging"]["checks"]["leaks"]["ok"]
        assert record["judging"]["checks"]["result"]["verdict"] == "none"


@pytest.mark.usefixtures("calculator_binary")
def test_challenges_shows_and_plays_it(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["boat-house-hatch", "--challenges", str(SET)]
    assert main(["challenges", "show", *words]) == 0
    shown = capsys.readouterr().out
    assert '"own_number": "' in shown
    assert main(["challenges", "play", *words]) == 0
    values = json.loads(capsys.readouterr().out.partition("values: ")[2].partition("\n")[0])
    assert values["own_number"] in shown, "both draw the values of the same trial"
