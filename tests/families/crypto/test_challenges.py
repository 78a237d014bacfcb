"""What every challenge of the project's own set promises; each test enumerates the data file."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.draws import KINDS as DRAWS
from arena.families.crypto.challenges.instance import (
    PLACEHOLDER,
    draw_values,
    is_agreement,
    own_values,
    right_result,
    values_line,
)
from arena.families.crypto.challenges.result_kinds import normal
from arena.families.crypto.challenges.schema import encode_role, load
from arena.families.crypto.challenges.validate import DIFFICULTIES
from arena.families.crypto.judged import JudgeTemplate
from arena.families.crypto.prompts import FORBIDDEN_NAMES, system_prompt
from arena.records import trial_seed

DATA_FILE = Path(__file__).resolve().parents[3] / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
SET = load(DATA_FILE)
CHALLENGES = {challenge["id"]: challenge for challenge in SET.challenges}
DOMAINS = {"home", "money", "work", "health", "school", "travel", "games", "community", "housing", "commerce"} | {
    "civic_life"
}
# Besides the names in the players' own rules: words that would give the solution away or speak its jargon.
JARGON = (
    r"hash|commitment|cryptograph|encrypt|cipher|digest|nonce|\bsalt|zero.knowledge|public key|private key|\bkey pair"
)
JARGON += (
    r"|\bsign(s|ed|ing|ature|atures)?\b|secret.sharing|set intersection|coin toss|auction|beacon|blind|token|\bproto"
)

each_challenge = pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=CHALLENGES)


def own_of(challenge: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    own = challenge["participant_context"]["role_specific"]
    assert isinstance(own, dict)
    return own


def seen_by_players(challenge: dict[str, Any]) -> str:
    texts = [challenge["id"], challenge["name"], challenge["self_play"]["symmetry_breaker"]]
    texts.append(challenge["participant_context"]["public_background"])
    for lists in own_of(challenge).values():
        texts.extend(entry for entries in lists.values() for entry in entries)
    return "\n".join(texts)


def good(name: str) -> str:
    return "\n".join(CHALLENGES[name]["judge"]["what_good_looks_like"])


# --- the set as a whole -------------------------------------------------------------------------------------------


def test_the_set_is_of_format_2_named_dated_and_carries_a_canary() -> None:
    assert (SET.format, SET.version, SET.warnings) == (2, "diverse_v2.6", ())
    assert SET.created_at
    assert re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", SET.canary or "")


def test_families_difficulties_and_roles_are_spread() -> None:
    assert len(CHALLENGES) >= 72
    assert len({c["primitive_family"] for c in SET.challenges}) >= 24
    assert sum(len(c["participants"]) >= 3 for c in SET.challenges) >= 10
    difficulties = Counter(c["difficulty"] for c in SET.challenges)
    assert set(difficulties) == set(DIFFICULTIES)
    assert max(difficulties.values()) - min(difficulties.values()) <= 2
    assert {c["domain"] for c in SET.challenges} == DOMAINS


def test_the_splits_are_about_two_to_one_and_keep_families_apart() -> None:
    splits = Counter(c["split"] for c in SET.challenges)
    assert set(splits) == {"train", "heldout_eval"}
    assert 1.5 <= splits["train"] / splits["heldout_eval"] <= 2.5
    families = {split: {c["primitive_family"] for c in SET.challenges if c["split"] == split} for split in splits}
    assert splits["heldout_eval"] >= 24
    assert len(families["heldout_eval"] - families["train"]) >= 6
    assert families["heldout_eval"] & families["train"], "one family in both splits tells a new story from a new kind"
    for split in splits:
        assert {c["difficulty"] for c in SET.challenges if c["split"] == split} == set(DIFFICULTIES)


def test_the_file_is_written_as_editors_and_diffs_like_it() -> None:
    text = DATA_FILE.read_text(encoding="utf-8")
    assert text.endswith("]\n}\n")
    assert text.startswith('{\n  "$schema": "challenges_v2.schema.json",\n  "format": 2,\n')
    assert (DATA_FILE.parent / "challenges_v2.schema.json").is_file()
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_no_text_stands_in_two_challenges() -> None:
    backgrounds = Counter(c["participant_context"]["public_background"] for c in SET.challenges)
    names = Counter(c["name"] for c in SET.challenges)
    assert max(backgrounds.values()) == max(names.values()) == 1


# --- each challenge -----------------------------------------------------------------------------------------------


@each_challenge
def test_players_are_never_shown_a_textbook_name(challenge: dict[str, Any]) -> None:
    text = seen_by_players(challenge)
    assert not [name for name in FORBIDDEN_NAMES if name.lower() in text.lower()]
    assert not re.findall(JARGON, text, re.IGNORECASE)


@pytest.mark.parametrize("text", ["a hash of it", "She signed it.", "sealed-bid auction", "Commitment", "blinded"])
def test_the_search_for_textbook_names_finds_them(text: str) -> None:
    assert re.search(JARGON, text, re.IGNORECASE)


@each_challenge
def test_texts_are_compact(challenge: dict[str, Any]) -> None:
    assert 60 <= len(challenge["participant_context"]["public_background"].split()) <= 120
    for lists in own_of(challenge).values():
        assert all(1 <= len(entries) <= 3 for entries in lists.values())
        assert all(len(entry.split()) <= 45 for entries in lists.values() for entry in entries)
    assert len(challenge["self_play"]["symmetry_breaker"].split()) <= 50


@each_challenge
def test_every_role_holds_a_concrete_private_value(challenge: dict[str, Any]) -> None:
    for role, lists in own_of(challenge).items():
        assert any(re.search(r"\d|\{\w+\}|: \w+.*, \w", entry) for entry in lists["private_info"]), role


@each_challenge
def test_every_role_can_be_briefed_and_named_as_a_file(challenge: dict[str, Any]) -> None:
    roles = [participant["id"] for participant in challenge["participants"]]
    for role in roles:
        prompt = system_prompt(challenge, role, None, 12)
        others = [entry for other in roles if other != role for entry in own_of(challenge)[other]["private_info"]]
        assert all(entry in prompt for entry in own_of(challenge)[role]["private_info"])
        assert not [e for e in others if e in prompt and e not in own_of(challenge)[role]["private_info"]]
        assert len(prompt) < 5000
    assert len({encode_role(role).lower() for role in roles}) == len(roles)


@each_challenge
def test_the_judge_is_told_one_target_three_virtues_and_three_failures(challenge: dict[str, Any]) -> None:
    judge = challenge["judge"]
    assert 1 <= len(judge["target_primitives"]) <= 2
    assert len(judge["what_good_looks_like"]) == len(judge["common_failures"]) == 3
    assert "calculator" in good(challenge["id"]) or "recompute" in good(challenge["id"])


# --- the drawn values ---------------------------------------------------------------------------------------------

SEEDS = [trial_seed(number, "draws") for number in range(20)]


CLI = Path(__file__).resolve().parents[3] / "calculator" / "target" / "release" / "crypto_calculator_cli"


def drawn(challenge: dict[str, Any], seed: str) -> dict[str, Any]:
    """The values for a seed; those that the calculator draws come from it."""

    def ask(name: str, op: str, args: dict[str, Any]) -> Any:
        if not CLI.is_file():
            pytest.skip(f"{name} is drawn by the calculator, which is not built (make test does it)")
        request = json.dumps({"op": op, "args": args, "seed": hashlib.sha256(f"{seed}{name}".encode()).hexdigest()})
        ended = subprocess.run([str(CLI), "--seeded"], input=request, capture_output=True, text=True, check=True)
        answer = json.loads(ended.stdout)
        assert answer["ok"], f"{name}: {answer}"
        return answer["result"]

    return draw_values(challenge["instance"], seed, ask)


def test_values_may_be_drawn_by_the_calculator() -> None:
    (challenge,) = load(Path(__file__).resolve().parents[2] / "data/calculator_draws/set.json").challenges
    one, same, other = (drawn(challenge, seed) for seed in (SEEDS[0], SEEDS[0], SEEDS[1]))
    assert one == same and one["own_number"] != other["own_number"]


@each_challenge
def test_every_challenge_draws_its_values_and_has_a_right_result(challenge: dict[str, Any]) -> None:
    instance = challenge["instance"]
    roles = [participant["id"] for participant in challenge["participants"]]
    for seed in SEEDS:
        values = drawn(challenge, seed)
        right = right_result(instance, values)
        assert is_agreement(instance["truth"]) or normal(instance["result"], right, roles) is not None
        for role in roles:
            prompt = system_prompt(challenge, role, None, 12, values)
            assert not PLACEHOLDER.findall(prompt)
            assert not instance["own"].get(role) or values_line(own_values(instance, role, values)) in prompt
        assert not PLACEHOLDER.findall(JudgeTemplate.of(challenge).filled(values))


@each_challenge
def test_another_seed_gives_another_instance_and_the_same_seed_the_same(challenge: dict[str, Any]) -> None:
    found = {json.dumps(drawn(challenge, seed)) for seed in SEEDS}
    assert len(found) > len(SEEDS) // 2
    assert drawn(challenge, SEEDS[0]) == drawn(challenge, SEEDS[0])


def _holds(value: Any, part: Any) -> bool:
    """Whether a value holds another: who hands out codes knows them all."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value == part or any(_holds(one, part) for one in inner)


def _met_by_chance(spec: dict[str, Any], value: Any) -> bool:
    """Whether a value is one of so few, or so short, that other texts and numbers may be the same: a vote, a locker."""
    space = DRAWS[spec["draw"]].space(spec)
    return len(json.dumps(value)) < 6 if space is None else space < 1000


@each_challenge
def test_a_secret_stands_in_no_prompt_of_another_role(challenge: dict[str, Any]) -> None:
    instance = challenge["instance"]
    values = drawn(challenge, SEEDS[1])
    for role, names in instance.get("secret", {}).items():
        for other in own_of(challenge):
            shared = {*instance["own"].get(other, ())}
            prompt = system_prompt(challenge, other, None, 12, values)
            shared |= {name for name in names for held in shared if _holds(values[held], values[name])}
            for name in names:
                if other == role or name in shared:
                    continue
                changed = system_prompt(challenge, other, None, 12, {**values, name: "another value"})
                assert changed == prompt, (other, name)
                written = rf"(?<!\w){re.escape(json.dumps(values[name], sort_keys=True))}(?!\w)"
                by_chance = _met_by_chance(instance["values"][name], values[name])
                assert by_chance or not re.search(written, prompt), (other, name)


def test_the_letter_of_number_14_holds_the_secret_on_the_registrars_list() -> None:
    values = drawn(CHALLENGES["play-street-poll"], SEEDS[0])
    assert 14 in values["entitled"] and values["letters"]["14"] == values["letter"]


def test_the_pay_passes_the_line_of_six_steps() -> None:
    for seed in SEEDS:
        values = drawn(CHALLENGES["enough-for-the-flat"], seed)
        assert values["steps"] >= 2400 // 400 and values["steps"] == values["pay"] // 400


def test_the_tips_refute_the_owner() -> None:
    assert all(drawn(CHALLENGES["salon-tips"], seed)["total"] < 3 * 480 for seed in SEEDS)


def test_the_approval_covers_the_line_that_the_limit_allows() -> None:
    for seed in SEEDS:
        values = drawn(CHALLENGES["workshop-approval"], seed)
        assert values["seal"] <= values["limit"] < values["seal"] + values["disc"]
