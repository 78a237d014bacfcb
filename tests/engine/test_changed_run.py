"""A refused resume says in the user's words what is other than when the run was started, and nothing that follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import NO_TOOLS, ROOT, Ended, command

SET = ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
RULE = ROOT / "config/outcome_rule.yaml"
GATES = ROOT / "config/gates.yaml"
ELSE = ", or start another --out"


def started(folder: Path, *words: object) -> Callable[..., Ended]:
    """Play a run of one challenge in a folder, and return what resumes it, with other words where they are given."""
    ended = command("run", "--limit", 1, *NO_TOOLS, *words, "--out", folder / "run", "--quiet")
    assert ended.code == 0, ended.text

    def resumed(*other: object) -> Ended:
        return command("run", "--resume", *NO_TOOLS, *other, "--out", folder / "run")

    return resumed


def told(ended: Ended) -> list[str]:
    """Return what a refusal tells, without its first line and the hint at --verbose."""
    assert ended.code == 2 and "nothing was played" in ended.err, ended.text
    lines = [line.strip() for line in ended.err.splitlines()[1:]]
    return [line for line in lines if not line.startswith("--verbose lists")]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--limit", 2), "you changed --limit: was 1, now 2; give --limit 1"),
        ((), "you changed --limit: was 1, now not given; give --limit 1"),
        (("--limit", 1, "--max-tokens", 9), "you changed --max-tokens: was not given, now 9; drop it"),
        (("--limit", 1, "--seed", 7), "you changed --seed: was 0, now 7; drop it"),
        (("--limit", 1, "--participant-model", "mock/careless"),
         "you changed --participant-model: was mock/careful, now mock/careless; give --participant-model mock/careful"),
        (("--limit", 1, "--role-model", "Ines=mock/careless"),
         "you changed --role-model: was not given, now Ines=mock/careless; drop it"),
    ],
)  # fmt: skip
def test_changed_flag_is_told_with_both_values_and_a_way_back(
    words: tuple[object, ...], line: str, tmp_path: Path
) -> None:
    assert told(started(tmp_path)(*words)) == [line + ELSE]


def test_several_changes_are_told_at_once(tmp_path: Path) -> None:
    found = told(started(tmp_path)("--limit", 2, "--seed", 7, "--max-turns", 3))
    assert [line.partition(":")[0] for line in found] == [
        "you changed --limit", "you changed --max-turns", "you changed --seed",
    ]  # fmt: skip


def test_value_of_a_variable_or_file_is_told_with_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed = started(tmp_path)
    file = tmp_path / "other.yaml"
    file.write_text("seed: 7\n", encoding="utf-8")
    assert told(resumed("--limit", 1, "--config", file)) == [
        f"you changed --seed (by config file {file}): was 0, now 7; take it out of {file}" + ELSE
    ]


def test_hashes_are_told_with_verbose_alone(tmp_path: Path) -> None:
    resumed = started(tmp_path)
    assert "sha256" not in resumed("--limit", 2).err
    assert "/plan/sha256: was " in resumed("--limit", 2, "--verbose").err


def changed_set(folder: Path) -> Path:
    """Return a copy of the challenge set that a test may change."""
    path = folder / "set.json"
    path.write_bytes(SET.read_bytes())
    return path


def test_changed_challenge_file_is_named_and_not_its_digests(tmp_path: Path) -> None:
    path = changed_set(tmp_path)
    resumed = started(tmp_path, "--challenges", path)
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    content["challenges"][0]["name"] += " again"
    path.write_text(json.dumps(content), encoding="utf-8")
    words = ("--challenges", path)
    line = f"--challenges {path}: its content was changed; put it back" + ELSE
    assert told(resumed(*words, "--limit", 1)) == [line]
    assert told(resumed(*words, "--limit", 1, "--seed", 7))[1:] == [line], "a seed changes no challenge"
    assert len(told(resumed(*words, "--limit", 2))) == 1, "another limit takes other challenges"


def test_changed_outcome_rule_is_named(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_bytes(RULE.read_bytes())
    resumed = started(tmp_path, "--outcome-rule", rule)
    rule.write_text(RULE.read_text(encoding="utf-8").replace("all >= 4", "all >= 5"), encoding="utf-8")
    found = told(resumed("--limit", 1, "--outcome-rule", rule))
    assert found == [f"--outcome-rule {rule}: its content was changed; put it back" + ELSE]


def test_another_file_of_another_name_is_a_changed_flag(tmp_path: Path) -> None:
    path = changed_set(tmp_path)
    found = told(started(tmp_path)("--limit", 1, "--challenges", path))
    assert len(found) == 1 and found[0].startswith("you changed --challenges: was src/crypto-challenges/")
    assert "now set.json" in found[0]


def test_prompts_of_another_version_are_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed = started(tmp_path)
    monkeypatch.setattr("arena.families.crypto.family.PROMPT_VERSION", "crypto-prompt/99")
    found = told(resumed("--limit", 1))
    assert len(found) == 1 and found[0].startswith("prompt of another version of the arena; resume with ")


def test_policy_that_was_changed_is_named_and_its_mode_by_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = tmp_path / "gates.yaml"
    gates.write_bytes(GATES.read_bytes())
    words = ("risk", "run", "--trials", 1, "--attacks", "direct", "--gates", gates, "--out", tmp_path / "run")
    assert command(*words, "--quiet").code == 0
    monkeypatch.setenv("GATES_MODE", "strict")
    found = told(command(*words, "--resume"))
    assert len(found) == 1 and found[0].startswith("GATES_MODE, or the policy itself: mode was allow, now strict")
    monkeypatch.delenv("GATES_MODE")
    gates.write_text("version: 1\npre_call:\n- id: closed\n  calls: model\n  deny_if: true\n", encoding="utf-8")
    found = told(command(*words, "--resume"))
    assert found == [f"--gates {gates}: its content was changed; put it back" + ELSE]


def test_run_of_another_family_is_told_as_such(tmp_path: Path) -> None:
    started(tmp_path)
    found = told(command("risk", "run", "--resume", "--out", tmp_path / "run"))
    assert len(found) == 1 and found[0].startswith("it is a run of the family crypto, and this command plays risk")
