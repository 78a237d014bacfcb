"""Groups of up to seven seats: each seat has as many turns as one of three, and its prompt says how many."""

from __future__ import annotations

from typing import Any

import pytest

from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.mock.scene import read_brief
from arena.families.crypto.prompts import system_prompt


def group(seats: int) -> dict[str, Any]:
    ids = ["Ann", "Bo", "Cy", "Dee", "Eve", "Fay", "Gus"][:seats]
    return {
        "id": "picnic",
        "name": "Picnic",
        "participants": [{"id": name} for name in ids],
        "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann opens."},
        "participant_context": {"public_background": "A picnic.", "role_specific": {}},
    }


@pytest.mark.parametrize("seats, turns", [(2, 15), (3, 15), (4, 20), (5, 25), (6, 30), (7, 35)])
def test_turns_grow_with_the_seats_beyond_three(seats: int, turns: int) -> None:
    assert turns_of(group(seats), 15) == turns


def test_prompt_of_a_large_group_says_its_turns() -> None:
    assert "at most 25 turns in all, not 15" in system_prompt(group(5), "Bo", None, 15)
    assert "not 15" not in system_prompt(group(3), "Bo", None, 15)


@pytest.mark.parametrize("seats, turns", [(3, 15), (7, 35)])
def test_mock_players_read_the_turns_of_their_match(seats: int, turns: int) -> None:
    assert read_brief(system_prompt(group(seats), "Bo", None, 15)).max_turns == turns
