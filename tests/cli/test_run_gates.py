"""`arena run --gates`: a policy decides about the calls of a crypto run, is kept with it and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import Ended, arena, command
from tests.support.verify_rig import edit_lines, holds, inside, launder, told, verify

POLICY = """\
version: 1
defaults: {mode: allow, enforcement: enforce}
pre_call:
- id: few_calls
  calls: tool
  deny_if: {count_in_trial: {kind: tool, op: ">", value: 2}}
  on_deny: tool_error
  message: No more calls.
- id: asks
  calls: model
  warn_if: {text_contains: the}
post_call:
- id: digits
  calls: model
  warn_if: {text_regex: "\\\\d{3}"}
"""
ENDS = "version: 1\npost_call:\n- id: never\n  calls: model\n  deny_if: {text_regex: '\\w'}\n"


def play(tmp_path: Path, policy: str, *words: str, name: str = "gates.yaml") -> Ended:
    path = tmp_path / name
    path.write_text(policy, encoding="utf-8")
    flags = ("--limit", "2", "--max-turns", "6", "--gates", str(path), "--out", str(tmp_path / "run"))
    return arena(*flags, *words)


def decisions(ended: Ended) -> list[Any]:
    return [one for record in ended.records() for one in record["gates"]]


@pytest.fixture
def gated(tmp_path: Path, calculator_binary: Path) -> Ended:
    ended = play(tmp_path, POLICY)
    assert ended.code == 0, ended.text
    return ended


def test_model_and_tool_calls_are_decided_and_the_policy_is_kept(gated: Ended) -> None:
    found = {(one["kind"], one["rule_id"], one["decision"]) for one in decisions(gated)}
    assert {("tool", "few_calls", "deny"), ("model", "asks", "warn"), ("model", "digits", "warn")} <= found
    denied = [
        e for record in gated.records() for e in record["transcript"] if "denied_by_policy" in str(e.get("answer"))
    ]
    assert denied and all(record["status"] == "done" for record in gated.records())
    policy = gated.json("manifest.json")["identity"]["policy"]
    assert policy["name"] == "gates.yaml" and policy["enforced"] and len(policy["sha256"]) == 64
    assert gated.file("inputs/gates.yaml").read_text(encoding="utf-8") == POLICY


def test_a_gated_run_verifies_and_every_decision_is_made_again(gated: Ended) -> None:
    assert gated.folder is not None
    assert f"{len(decisions(gated))} decisions of the policy made again" in holds(gated.folder)


CHANGES = {
    "verdict": {"decision": "allow"},
    "reason": {"reason_code": "another"},
    "rule": {"rule_id": "asks"},
    "bound": {"bound": 99},
    "enforcement": {"enforced": False},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_decision_is_told_though_journal_and_record_agree(what: str, gated: Ended) -> None:
    assert gated.folder is not None
    change = CHANGES[what]

    def warned(one: Any) -> bool:
        return bool(one["rule_id"] == "digits")

    def in_record(gates: list[Any]) -> None:
        for one in filter(warned, gates):
            one.update(change)

    def in_journal(line: Any) -> None:
        for one in filter(warned, line.get("gates", ())):
            one.update(change)

    edit_lines(gated.folder / "api_calls.jsonl", in_journal)
    edit_lines(gated.folder / "matches.jsonl", inside("gates", in_record))
    launder(gated.folder)
    problems = [line for line in told(verify(gated.folder)) if "the policy decides otherwise" in line]
    assert problems and all("after the model of" in line for line in problems), problems


def test_decisions_taken_out_of_journal_and_record_are_told(gated: Ended) -> None:
    assert gated.folder is not None
    edit_lines(gated.folder / "api_calls.jsonl", lambda line: line.pop("gates", None))
    edit_lines(gated.folder / "matches.jsonl", inside("gates", lambda gates: gates.clear()))
    launder(gated.folder)
    assert any("the policy decides otherwise" in line for line in told(verify(gated.folder)))


def test_another_policy_in_the_inputs_is_told(gated: Ended) -> None:
    assert gated.folder is not None
    path = gated.folder / "inputs/gates.yaml"
    path.write_text(POLICY.replace("value: 2", "value: 200"), encoding="utf-8")
    launder(gated.folder)
    assert any("is not the policy that the run names" in line for line in told(verify(gated.folder)))


def test_a_policy_that_is_gone_is_told(gated: Ended) -> None:
    assert gated.folder is not None
    (gated.folder / "inputs/gates.yaml").unlink()
    launder(gated.folder)
    assert any("inputs/gates.yaml" in line and "is missing" in line for line in told(verify(gated.folder)))


def test_a_denied_run_is_not_resumed_under_another_policy(tmp_path: Path) -> None:
    ended = play(tmp_path, ENDS, "--calculator-provider", "none")
    assert {record["status"] for record in ended.records()} == {"denied"}
    before = ended.file("matches.jsonl").read_bytes()
    other = play(tmp_path, POLICY, "--calculator-provider", "none", "--resume")
    assert other.code == 2 and "gates.yaml: its content was changed" in other.text
    assert ended.file("matches.jsonl").read_bytes() == before
    assert play(tmp_path, ENDS, "--calculator-provider", "none", "--resume").code == ended.code
    assert verify(tmp_path / "run", "--calculator-provider", "none").code == 0


def test_shadow_mode_is_said_at_the_start_and_on_the_page(tmp_path: Path) -> None:
    shadow = ENDS.replace("version: 1\n", "version: 1\ndefaults: {enforcement: shadow}\n")
    ended = play(tmp_path, shadow, "--calculator-provider", "none")
    assert "SHADOW MODE: decisions of gates.yaml are recorded but not enforced" in ended.err
    assert {record["status"] for record in ended.records()} == {"done"}
    assert {(one["decision"], one["enforced"]) for one in decisions(ended)} >= {("deny", False)}
    assert arena_report(tmp_path / "run").count("Shadow mode: the policy gates.yaml was not enforced.") == 1


def test_an_enforced_policy_has_no_banner(tmp_path: Path) -> None:
    ended = play(tmp_path, POLICY, "--calculator-provider", "none")
    assert "SHADOW" not in ended.err and "Shadow mode" not in arena_report(tmp_path / "run")


def arena_report(folder: Path) -> str:
    assert command("report", folder).code == 0
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_stricter_of_flag_and_policy_limits_a_run(tmp_path: Path) -> None:
    policy = "version: 1\nlimits: {max_calls: 4}\n"
    ended = play(tmp_path, policy, "--calculator-provider", "none", "--max-calls", "9", "--workers", "1")
    assert "gates.yaml limits this run: --max-calls 4" in ended.err
    assert len(ended.calls("model", "judge")) == 4 and "the limit is 4" in ended.err
    stricter = play(tmp_path, policy, "--calculator-provider", "none", "--max-calls", "3", "--workers", "1", "--resume")
    assert "limits this run" not in stricter.err and "the limit is 3" in stricter.err


def test_a_trial_that_a_limit_stopped_holds(tmp_path: Path) -> None:
    play(tmp_path, "version: 1\nlimits: {max_calls: 4}\n", "--calculator-provider", "none", "--workers", "1")
    ended = verify(tmp_path / "run", "--calculator-provider", "none")
    assert ended.code == 0 and " limit " in ended.out


def test_trials_that_got_an_answer_are_limited_by_the_policy(tmp_path: Path) -> None:
    policy = "version: 1\nlimits: {max_trials: 1}\n"
    ended = play(tmp_path, policy, "--calculator-provider", "none", "--workers", "1")
    assert [record["status"] for record in ended.records()] == ["done"] and "the limit is 1" in ended.err
    again = play(tmp_path, policy, "--calculator-provider", "none", "--workers", "1", "--resume")
    assert [record["status"] for record in again.records()] == ["done"]


def test_a_broken_policy_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    ended = play(tmp_path, "version: 1\npre_call:\n- id: a\n  deny_if: {all: []}\n")
    assert ended.code == 2 and "gates.yaml" in ended.text and not (tmp_path / "run").exists()


def test_the_identity_of_a_run_without_a_policy_names_none(tmp_path: Path) -> None:
    ended = arena("--limit", "1", "--max-turns", "2", "--calculator-provider", "none", "--out", str(tmp_path / "run"))
    assert json.loads(ended.file("manifest.json").read_text())["identity"]["policy"] == {"name": "allow-all"}
    assert not ended.file("inputs/gates.yaml").exists()


def test_merged_shards_of_a_gated_run_keep_the_policy_and_hold(tmp_path: Path) -> None:
    (tmp_path / "gates.yaml").write_text(POLICY, encoding="utf-8")
    shards = [tmp_path / f"part_{n}" for n in range(2)]
    for n, out in enumerate(shards):
        words = ("--limit", "2", "--max-turns", "2", "--calculator-provider", "none", "--shard", f"{n}/2")
        assert arena(*words, "--gates", str(tmp_path / "gates.yaml"), "--out", str(out)).code == 0
    assert command("merge", tmp_path / "whole", *shards).code == 0
    ended = verify(tmp_path / "whole", "--calculator-provider", "none")
    assert ended.code == 0 and "decisions of the policy made again" in ended.out


def cheaptalk(tmp_path: Path, *words: str) -> Ended:
    out = tmp_path / "run"
    return command("cheaptalk", "run", "--num-tasks", "3", "--out", str(out), *words)


def test_policy_decides_about_cheap_talk_and_every_decision_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(POLICY.replace("contains: the", "contains: claim"), encoding="utf-8")
    ended = cheaptalk(tmp_path, "--gates", str(path))
    assert ended.code == 0, ended.text
    found = decisions(ended)
    assert ("asks", "warn") in {(one["rule_id"], one["decision"]) for one in found}
    assert f"{len(found)} decisions of the policy made again" in holds(tmp_path / "run")


def test_episode_of_cheap_talk_that_a_policy_ends_has_no_score(tmp_path: Path) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(ENDS, encoding="utf-8")
    ended = cheaptalk(tmp_path, "--gates", str(path))
    assert ended.code == 1 and "6 denied" in ended.text
    holds(tmp_path / "run")


def test_cheap_talk_is_resumed_under_its_policy_alone(tmp_path: Path) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(POLICY, encoding="utf-8")
    assert cheaptalk(tmp_path, "--gates", str(path)).code == 0
    refused = cheaptalk(tmp_path, "--resume")
    assert refused.code == 2 and "under the policy gates.yaml: give that with --gates" in refused.text
    path.write_text(POLICY.replace("value: 2", "value: 3"), encoding="utf-8")
    assert "its content was changed" in cheaptalk(tmp_path, "--gates", str(path), "--resume").text
    path.write_text(POLICY, encoding="utf-8")
    assert cheaptalk(tmp_path, "--gates", str(path), "--resume").code == 0
