"""What every challenge of the project's own set promises; each test enumerates the data file."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.challenge_check import DIFFICULTIES
from arena.crypto.prompts import FORBIDDEN_NAMES, system_prompt
from arena.schema import encode_role, load

DATA_FILE = Path(__file__).resolve().parent.parent / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
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


def private(name: str, role: str) -> str:
    return "\n".join(own_of(CHALLENGES[name])[role]["private_info"])


def good(name: str) -> str:
    return "\n".join(CHALLENGES[name]["judge"]["what_good_looks_like"])


# --- the set as a whole -------------------------------------------------------------------------------------------


def test_the_set_is_of_format_2_named_dated_and_carries_a_canary() -> None:
    assert (SET.format, SET.version, SET.warnings) == (2, "diverse_v2", ())
    assert SET.created_at
    assert re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", SET.canary or "")


def test_families_difficulties_and_roles_are_spread() -> None:
    assert len(CHALLENGES) >= 14
    assert len({c["primitive_family"] for c in SET.challenges}) >= 10
    assert sum(len(c["participants"]) >= 3 for c in SET.challenges) >= 3
    difficulties = Counter(c["difficulty"] for c in SET.challenges)
    assert set(difficulties) == set(DIFFICULTIES)
    assert max(difficulties.values()) - min(difficulties.values()) <= 1
    assert {c["domain"] for c in SET.challenges} == DOMAINS


def test_the_splits_are_about_two_to_one_and_keep_families_apart() -> None:
    splits = Counter(c["split"] for c in SET.challenges)
    assert set(splits) == {"train", "heldout_eval"}
    assert 1.5 <= splits["train"] / splits["heldout_eval"] <= 2.5
    families = {split: {c["primitive_family"] for c in SET.challenges if c["split"] == split} for split in splits}
    assert len(families["heldout_eval"] - families["train"]) >= 2
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
        assert any(re.search(r"\d|: \w+.*, \w", entry) for entry in lists["private_info"]), role


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


# --- the right results follow from the private values -------------------------------------------------------------


def listed(text: str) -> set[str]:
    found = re.search(r"spelled so: ([^.]+)\.", text)
    assert found
    return set(found[1].split(", "))


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("studios-conflict-check", "StudioNord", "StudioKai"), ("what-is-in-the-sauce", "Parent", "Caterer")],
)
def test_the_shared_entries_are_those_the_judge_expects(name: str, first: str, second: str) -> None:
    mine, yours = listed(private(name, first)), listed(private(name, second))
    assert mine & yours
    assert all(entry in good(name) for entry in mine & yours)
    assert not [entry for entry in mine ^ yours if entry in good(name)]


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found
    return int(found[1])


def test_the_tips_add_up_to_what_the_judge_expects_and_refute_the_owner() -> None:
    tips = [number(r"October: (\d+) euros", private("salon-tips", role)) for role in ("Mira", "Jonas", "Dele")]
    assert f"add up to {sum(tips)}, an average of {sum(tips) // 3} euros" in good("salon-tips")
    assert sum(tips) % 3 == 0 and sum(tips) // 3 < 480


@pytest.mark.parametrize(("first", "second"), [("Mira", "Jonas"), ("Mira", "Dele"), ("Jonas", "Dele")])
def test_each_pair_of_hairdressers_holds_the_same_secret(first: str, second: str) -> None:
    mine, yours = (set(re.findall(r"[0-9a-f]{32}", private("salon-tips", role))) for role in (first, second))
    assert len(mine & yours) == 1


def test_the_pitch_goes_where_and_for_what_the_judge_expects() -> None:
    name = "winter-market-pitch"
    bids = {role: number(r"worth to you: (\d+) euros", private(name, role)) for role in own_of(CHALLENGES[name])}
    assert max(bids, key=bids.__getitem__) == "CandleStall"
    assert f"the candle stall wins and pays {sorted(bids.values())[-2]} euros" in good(name)


def test_the_leaked_question_is_the_sum_of_all_contributions() -> None:
    name = "leaked-exam-question"
    contributions = [number(r"contribution is (\d+)", private(name, role)) for role in own_of(CHALLENGES[name])]
    assert sorted(contributions)[:-1] == [0, 0, 0]
    assert f"The sum is {sum(contributions)}" in good(name)


def test_the_pay_is_seven_full_steps_and_the_line_is_six() -> None:
    pay = number(r"2026: (\d+) euros", private("enough-for-the-flat", "Applicant"))
    assert (pay // 400, 2400 // 400) == (7, 6)
    secrets = [re.findall(r"[0-9a-f]{32}", private("enough-for-the-flat", role)) for role in ("Payroll", "Applicant")]
    assert secrets[0] == secrets[1] and len(secrets[0]) == 1
    assert not re.findall(r"[0-9a-f]{32}", private("enough-for-the-flat", "Landlord"))


def test_the_letter_of_number_14_holds_the_secret_on_the_registrars_list() -> None:
    letters = dict(re.findall(r"(\d+): ([0-9a-f]{32})", private("play-street-poll", "Registrar")))
    assert set(letters) == {"3", "8", "14", "21"}
    assert letters["14"] in private("play-street-poll", "Resident")


def test_the_fund_has_paid_for_the_talks_that_the_crisis_line_counts() -> None:
    fund = private("voucher-without-a-name", "Insurer")
    talks = number(r"so far this year: (\d+)\.", private("voucher-without-a-name", "Counsellor"))
    price = number(r"pay (\d+) euros", fund)
    assert f"{talks} talks, {talks * price} euros" in fund
    assert f"{talks + 1} talks and {(talks + 1) * price} euros" in good("voucher-without-a-name")


def test_the_approval_covers_the_line_that_the_limit_allows() -> None:
    lines = [float(amount) for amount in re.findall(r"(\d+\.\d\d) euros", private("workshop-approval", "Workshop"))]
    limit = float(re.findall(r"(\d+\.\d\d) euros", private("workshop-approval", "CarOwner"))[0])
    assert lines[0] <= limit < sum(lines)
    assert f"line 1 and {lines[0]:.2f} euros" in good("workshop-approval")
