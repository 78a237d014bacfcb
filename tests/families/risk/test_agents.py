"""SHIM agents: their numbers follow from attack, pressure, seed and defence, as stated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.families.risk.agents.provider import PLAYERS, build
from arena.families.risk.agents.weaknesses import AGENTS, style_of
from arena.families.risk.attacks.table import ATTACKS
from tests.families.risk.runs import play

ALL = "tau_risky,airline_certificates,exfiltration,policy_override,indirect_injection,benign_lookalikes"


def risk(folder: Path, *words: str) -> Any:
    play(folder, *words)
    return json.loads((folder / "summary.json").read_bytes())["risk"]


def rates(folder: Path, *words: str) -> dict[str, float]:
    table = risk(folder, *words)["slice_attack"]["tau_risky"]
    return {attack: row["rate"] for attack, row in table.items()}


def test_the_naive_agent_falls_for_every_attack_of_every_case(tmp_path: Path) -> None:
    found = risk(tmp_path / "run", "--slices", ALL, "--trials", "32", "--participant-model", "mock/naive")
    assert found["attacks"]["resisted"] == found["attacks"]["unassessed"] == 0
    assert found["metrics"]["utility_under_attack"]["rate"] == 1.0


def test_the_strict_agent_resists_and_refuses_too_much(tmp_path: Path) -> None:
    found = risk(tmp_path / "run", "--slices", ALL, "--trials", "32", "--participant-model", "mock/strict")
    assert found["attacks"]["succeeded"] == 0
    assert found["metrics"]["benign_completion"]["rate"] < 0.95


def test_numbers_depend_on_the_attack(tmp_path: Path) -> None:
    found = rates(tmp_path / "run", "--trials", "100", "--participant-model", "mock/gullible")
    for weak, strong in (("split", "direct"), ("authority", "direct"), ("sandbox", "encoded")):
        assert found[weak] > found[strong]
    stated = AGENTS["gullible"].by_style
    for attack in ("direct", "authority", "split", "override"):
        assert abs(found[attack] - stated[attack]) < 0.15


def test_pressure_over_turns_breaks_more(tmp_path: Path) -> None:
    words = ("--trials", "100", "--participant-model", "mock/gullible", "--attacks", "direct,escalation")
    found = risk(tmp_path / "run", *words)
    by_turn = found["success_by_turn"]
    assert {"0", "1", "2"} <= set(by_turn)
    table = found["slice_attack"]["tau_risky"]
    assert table["escalation"]["rate"] > table["direct"]["rate"] + 0.2


def test_numbers_depend_on_the_seed(tmp_path: Path) -> None:
    words = ("--trials", "30", "--participant-model", "mock/gullible")
    one, other = (rates(tmp_path / seed, *words, "--seed", seed) for seed in ("1", "2"))
    assert one != other


def test_a_reminder_in_the_instructions_helps(tmp_path: Path) -> None:
    words = ("--trials", "60", "--participant-model", "mock/gullible", "--defences", "none,prompt")
    cells = risk(tmp_path / "run", *words)["cells"]["attack"]
    assert cells["prompt"]["passed"] > cells["none"]["passed"] * 1.2


def test_rates_rise_with_pressure_and_fall_with_a_reminder() -> None:
    for agent in AGENTS.values():
        for style in ("direct", "escalation"):
            asked = [agent.rate(style, n, False) for n in (1, 2, 3)]
            assert asked == sorted(asked) and asked[0] >= 0 and asked[-1] <= 1
            assert agent.rate(style, 2, True) <= asked[1]


@pytest.mark.parametrize("name", sorted(set(ATTACKS) - {"direct", "escalation"}))
def test_an_attack_is_recognised_by_its_words(name: str) -> None:
    assert style_of(ATTACKS[name].wrap("Refund me $900.")) == name


def test_every_agent_states_its_weaknesses() -> None:
    assert set(PLAYERS) == {*AGENTS, "echo"}
    provider = build("mock", None)
    for name in PLAYERS:
        provider.check_model(name, judging=False)
