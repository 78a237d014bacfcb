"""Near duplicates: a copy of a challenge with other nouns is the same story, two challenges of the set are not."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.lint import lint
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.challenges.shapes import ALIKE, FUNCTION_WORDS, likeness, runs_of, shape_of

SET_FILE = Path(__file__).resolve().parents[3] / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
CHALLENGES = {one["id"]: one for one in load(SET_FILE).challenges}
SHORTEST = min(CHALLENGES, key=lambda name: len(runs_of(CHALLENGES[name])))


def other_noun(found: re.Match[str]) -> str:
    word = found[0]
    return word if word.lower() in FUNCTION_WORDS else word[::-1].lower()


def retold(text: str) -> str:
    """The text with every word that is not a function word turned into another."""
    return re.sub(r"(?<![{\w])[A-Za-z']+(?![\w}])", other_noun, text)


def plain(text: str) -> str:
    """The text without placeholders."""
    return re.sub(r"\{\w+\}", "some", text)


def copy_of(challenge: dict[str, Any]) -> dict[str, Any]:
    """The challenge with other nouns, verbs and roles, under another id and in the other split."""
    copy: dict[str, Any] = json.loads(json.dumps(challenge))
    names = {one["id"]: one["id"][::-1].capitalize() for one in copy["participants"]}
    for old, new in names.items():
        copy = json.loads(re.sub(rf'"{old}"', f'"{new}"', json.dumps(copy)))
    copy["id"], copy["name"] = "another-story", "Another Story"
    copy["split"] = "train" if challenge["split"] == "heldout_eval" else "heldout_eval"
    copy["primitive_family"] = "another_family"
    context, judge = copy["participant_context"], copy["judge"]
    context["public_background"] = retold(context["public_background"])
    copy["self_play"]["symmetry_breaker"] = retold(copy["self_play"]["symmetry_breaker"])
    for own in context["role_specific"].values():
        for member, entries in own.items():
            own[member] = [retold(entry) for entry in entries]
    for member in ("what_good_looks_like", "common_failures"):
        judge[member] = [retold(entry) for entry in judge[member]]
    for item in judge["items"]:
        item["asks"] = retold(item["asks"])
    return copy


def warned(tmp_path: Path, *challenges: dict[str, Any]) -> list[str]:
    """What lint says about challenges that repeat others of the file."""
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"format": 2, "benchmark_version": "x", "challenges": challenges}), "utf-8")
    return [
        one.message for one in lint(load(path), None) if "same story" in one.message or "asks for what" in one.message
    ]


@pytest.mark.parametrize("name", ["ferry-cabin-toss", "the-number-on-the-tin", "who-owes-for-the-winter", SHORTEST])
def test_a_copy_with_other_nouns_is_the_same_story(name: str, tmp_path: Path) -> None:
    copy = copy_of(CHALLENGES[name])
    assert copy["participant_context"] != CHALLENGES[name]["participant_context"]
    assert likeness(runs_of(CHALLENGES[name]), runs_of(copy)) > 0.9
    (message,) = warned(tmp_path, CHALLENGES[name], copy)
    assert message.startswith("another-story: ") and message.endswith(f"as those of {name}: the same story")


def test_no_two_challenges_of_the_set_are_alike() -> None:
    runs = {name: runs_of(one) for name, one in CHALLENGES.items()}
    assert max(likeness(runs[one], runs[other]) for one, other in combinations(runs, 2)) < ALIKE / 2


def test_no_held_out_challenge_asks_for_what_one_of_train_asks_for() -> None:
    shapes = {name: shape_of(one) for name, one in CHALLENGES.items()}
    held = {shapes[name] for name, one in CHALLENGES.items() if one["split"] == "heldout_eval"}
    assert held.isdisjoint(shapes[name] for name, one in CHALLENGES.items() if one["split"] != "heldout_eval")


def test_new_words_for_the_same_task_are_said_across_splits_only(tmp_path: Path) -> None:
    first = CHALLENGES["ferry-cabin-toss"]
    second = json.loads(json.dumps({**first, "id": "another-story", "split": "heldout_eval"}))
    told = CHALLENGES["words-over-the-stove"]
    second["participant_context"]["public_background"] = plain(told["participant_context"]["public_background"])
    for own in second["participant_context"]["role_specific"].values():
        own["goals"], own["constraints"], own["private_info"] = ["Win."], ["Be fair."], ["You want it."]
    for member in ("what_good_looks_like", "common_failures"):
        second["judge"][member] = [plain(entry) for entry in told["judge"][member]]
    second["judge"]["items"] = second["judge"]["items"][:3]
    (message,) = warned(tmp_path, first, second)
    assert message == "another-story: asks for what ferry-cabin-toss of another split asks for, with other names"
    assert warned(tmp_path, first, {**second, "split": "train"}) == []
