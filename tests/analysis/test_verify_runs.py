"""`arena verify` holds for every kind of run that the arena makes, whatever happened in it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.engine.build import FAMILIES, load
from arena.policy.gates import CallFacts, Decision
from arena.records import Trial
from arena.store import digests
from tests.support.arena_rig import LOCAL, NO_TOOLS, Ended, Table, arena, challenge, local_environ, process, verdict
from tests.support.http_server import ModelServer, Scripted
from tests.support.verify_rig import (
    edit_json,
    first_record,
    holds,
    launder,
    verify,
)

DOWN = Scripted(status=500, body={"error": {"message": "the machine room is flooded"}})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    with ModelServer() as running:
        for name, value in local_environ(running).items():
            monkeypatch.setenv(name, value)
        yield running


PRICES = "version: 1\nunit: usd_per_million_tokens\nmodels:\n  local/player:\n    prompt: 1\n    completion: 2\n"


def over_http(tmp_path: Path, *words: str) -> Ended:
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    return arena(
        *LOCAL, *NO_TOOLS, "--limit", "4", "--max-turns", "2", "--workers", "1", "--max-retries", "0", "--prices",
        str(tmp_path / "prices.yaml"), "--out", str(tmp_path / "run"), *words,
    )  # fmt: skip


def test_runs_with_outages_limits_and_stops_hold(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), DOWN, Scripted(), Scripted(), DOWN)
    ended = over_http(tmp_path, "--continue-on-error")
    assert [record["status"] for record in ended.records()].count("error") == 2
    holds(tmp_path / "run")
    over_http(tmp_path, "--resume", "--max-calls", str(len(server.seen)))
    out = holds(tmp_path / "run")
    assert " limit " in out
    over_http(tmp_path, "--resume")
    holds(tmp_path / "run")


def test_a_run_that_stopped_early_says_what_was_not_played(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), Scripted(), Scripted(), DOWN)
    over_http(tmp_path)
    assert "2 of 4 planned matches were not played: error" in holds(tmp_path / "run")
    edit_json(tmp_path / "run/manifest.json", lambda m: m["sessions"][-1].update(stopped_by=None))
    digests.write(tmp_path / "run")
    assert "has no record" in verify(tmp_path / "run").out


def test_rules_of_another_version_are_named_before_what_follows_from_them(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    over_http(tmp_path)
    note = "another version of the arena made this run"
    assert note not in holds(tmp_path / "run")
    monkeypatch.setattr("arena.analysis.verify.records.PROTOCOL_VERSION", "tool-protocol/99")
    ended = verify(tmp_path / "run")
    assert ended.code == 1 and f"note: {note}" in ended.out and "tool_protocol differ" in ended.out
    assert ended.out.index(note) < ended.out.index("PROBLEM")


def test_a_manifest_that_contradicts_itself_is_not_taken_for_another_version(
    tmp_path: Path, server: ModelServer
) -> None:
    over_http(tmp_path)
    edit_json(tmp_path / "run/manifest.json", lambda m: m["identity"].update(tool_protocol="tool-protocol/1"))
    assert "another version" not in verify(tmp_path / "run").out


def test_costs_follow_from_the_calls_and_the_prices_that_the_summary_names(tmp_path: Path, server: ModelServer) -> None:
    ended = over_http(tmp_path)
    cost = ended.json("summary.json")["cost_usd"]
    assert cost["usd"] > 0 and cost["prices"] == {"local/player": {"prompt": 1.0, "completion": 2.0}}
    assert cost["unpriced"] == ["local/judge"]
    holds(tmp_path / "run")
    edit_json(tmp_path / "run/summary.json", lambda s: s["cost_usd"].update(usd=0.5, unpriced=[]))
    digests.write(tmp_path / "run")
    text = verify(tmp_path / "run").out
    assert "/cost_usd/usd: is 0.5" in text and "/cost_usd/unpriced" in text


def faulty(reply: dict[str, Any]) -> None:
    reply["choices"][0]["message"]["content"] = '{"tool_call": {"op": "x"'


def test_aborted_matches_and_their_retries_hold(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(edit=faulty)] * 4)
    over_http(tmp_path, "--limit", "1")
    assert "aborted" in holds(tmp_path / "run")
    over_http(tmp_path, "--limit", "1", "--resume", "--retry", "aborted")
    holds(tmp_path / "run")


def test_an_outage_with_a_score_is_told(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), DOWN)
    over_http(tmp_path, "--continue-on-error")
    first_record(tmp_path / "run", lambda r: r.update(outcome="SUCCESS"))
    launder(tmp_path / "run")
    assert "/outcome: an outage is never a score" in verify(tmp_path / "run").out
    first_record(tmp_path / "run", lambda r: r.update(stop="agreed_end"))
    launder(tmp_path / "run")
    assert "/status: is error, but a trial that stopped by agreed_end is done" in verify(tmp_path / "run").text


def test_unscored_refusing_and_silent_matches_hold(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2"), challenge("c3")])
    refusing = {"Ana": [{"text": "No.", "finish": "refusal"}] * 2}
    table.play(
        "--max-turns", "1", turns={"Ana": ["Hello."]}, judge=[verdict(2)],
        trials={"crypto/c2/rep_0": {"judge": ["?", "?", "?"]}, "crypto/c3/rep_0": {"turns": refusing}},
    )  # fmt: skip
    holds(tmp_path / "run")


class DenyAll:
    """The gate that denies every call."""

    name = "deny-all"

    limits: Mapping[str, int] = {}

    def inputs(self) -> Mapping[str, bytes]:
        return {}

    def open(self, trial: Trial) -> DenyAll:
        return self

    def identity(self) -> dict[str, str]:
        return {"name": self.name}

    def decide(self, facts: CallFacts) -> Decision:
        return Decision("deny", "no", "rule.7", "no")

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        """Nothing to remember."""


def test_denied_matches_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as denying:
        denying.setattr("arena.engine.build.build_gate", lambda config: DenyAll())
        Table(tmp_path).play()
    assert "denied" in holds(tmp_path / "run")


def test_a_calculator_that_failed_and_values_that_it_draws_hold(tmp_path: Path, calculator_binary: Path) -> None:
    drawn = {"values": {"n": {"draw": "calculator", "op": "random_int", "args": {"min": 1, "max": 9}, "get": "n"}},
             "own": {"Ana": ["n"]}, "truth": {"int": "n"}, "result": "int"}  # fmt: skip
    table = Table(tmp_path, [challenge("c1", instance=drawn)])
    table.play("--calculator-provider", "process", "--max-turns", "4")
    assert '"seat":"(setup)"' in (tmp_path / "run/api_calls.jsonl").read_text()
    holds(tmp_path / "run")
    table.play("--continue-on-error", out="none")
    assert "error" in holds(tmp_path / "none")


def test_calibrations_and_replays_hold(finished_run: Path, tmp_path: Path) -> None:
    assert main(["calibrate", "--quiet", "--out", str(tmp_path / "cal"), "--limit", "3", "--seeds", "1"]) == 0
    holds(tmp_path / "cal")
    model = f"replay/{finished_run}"
    words = ("--limit", "2", "--repetitions", "2", "--max-turns", "8", "--participant-model", model, *NO_TOOLS)
    assert arena(*words, "--judge-model", "mock/judge", "--out", str(tmp_path / "again")).code == 0
    assert " 0 computed again" not in holds(tmp_path / "again")


def test_a_run_without_a_calculator_holds(tmp_path: Path) -> None:
    Table(tmp_path).play()
    assert "no tool calls" in holds(tmp_path / "run")


def test_a_run_that_was_killed_is_not_finished_and_holds_once_it_is(tmp_path: Path, calculator_binary: Path) -> None:
    words = ("--limit", "3", "--participant-model", "mock/careless", "--max-turns", "8", "--out", str(tmp_path / "run"))
    process("60000", *words, door=("-m", "tests.support.killed_run"))
    ended = verify(tmp_path / "run")
    assert ended.code == 1 and "the run is not finished; --resume finishes it" in ended.out
    assert ended.out.count("PROBLEM  ") == 2 and "run: the run is not finished." in ended.out
    assert arena(*words, "--resume").code == 0
    holds(tmp_path / "run")


def test_every_family_can_be_had_from_a_run_directory_alone() -> None:
    for name in FAMILIES:
        module = load(FAMILIES, name, "family").SPEC.module
        assert callable(importlib.import_module(module).from_run), name
