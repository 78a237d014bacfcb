"""The mock players: they negotiate, compute for real, check each other and come to one end; careless ones err."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.errors import ServiceFault
from arena.families.crypto.mock.player import own_words
from arena.families.crypto.mock.provider import build
from arena.families.crypto.mock.routines import ROUTINES, choose
from arena.families.crypto.mock.scene import draw, read_brief, read_scene
from arena.families.crypto.prompts import FORBIDDEN_NAMES, OPENING_CUE, system_prompt
from arena.messages import Conversation
from arena.records import Entry, Json, Transcript
from tests.support.match_table import OPS, SEATS, TOOLS, Table, challenge, play, request

WORDS = {
    "receipt": "stamp",
    "lottery": "draw",
    "auction": "offer",
    "calendar": "overlap",
    "password": "key",
    "average": "total",
}
"""A word in the public background -> the routine that it chooses."""

CLI = Path(__file__).resolve().parents[3] / "calculator" / "target" / "release" / "crypto_calculator_cli"


def said(transcript: Transcript) -> list[Entry]:
    return [entry for entry in transcript.entries if entry.kind == "say"]


def calls(transcript: Transcript) -> list[Entry]:
    return [entry for entry in transcript.entries if entry.kind == "call"]


def long_values(transcript: Transcript) -> list[str]:
    """The values of 16 signs or more under labels in public texts."""
    texts = [text for entry in said(transcript) for text in entry.text.replace("]", "[").split("[")[1::2]]
    return [value for text in texts for value in text.split() if len(value) >= 16]


def seed(*labels: int | str) -> str:
    return draw("test", *labels)


def check_good_match(transcript: Transcript, seats: int, what: str) -> None:
    """The match ended in agreement, on one result, with every call answered."""
    assert transcript.stop == "agreed_end", (what, transcript.stop, transcript.detail)
    results = {json.dumps([entry.done, entry.result]) for entry in said(transcript)[-seats:]}
    assert len(results) == 1, (what, results)
    failed = [entry for entry in calls(transcript) if not entry.answered["ok"]]
    assert not failed, (what, failed[:1])
    assert not [entry for entry in transcript.entries if entry.kind not in ("say", "call")], what


# --- careful


def test_every_routine_is_chosen_by_a_word_of_what_all_roles_are_told() -> None:
    assert set(WORDS.values()) == {routine.name for routine in ROUTINES}
    for word, name in WORDS.items():
        for role in SEATS[:3]:
            routine = choose(read_brief(system_prompt(challenge(SEATS[:3], word), role, TOOLS, 12)))
            assert routine is not None and routine.name == name


@pytest.mark.parametrize("seats", [2, 3, 4, 5])
@pytest.mark.parametrize("word", WORDS)
def test_careful_players_come_to_one_result(word: str, seats: int) -> None:
    for number in range(4):
        transcript = play(word, Table(seed=seed(number)), seats, max_turns=4 * seats)
        check_good_match(transcript, seats, f"{word}, {seats} seats, seed {number}")


@pytest.mark.parametrize("word", WORDS)
def test_two_careful_players_end_within_eight_or_ten_turns_of_twelve(word: str) -> None:
    lengths = {len(said(play(word, Table(seed=seed(number))))) for number in range(8)}
    assert lengths == {8, 10}


@pytest.mark.parametrize("word", WORDS)
def test_five_careful_players_still_agree_when_there_are_only_two_turns_each(word: str) -> None:
    assert play(word, Table(), seats=5, max_turns=10).stop == "agreed_end"


@pytest.mark.parametrize("word", WORDS)
def test_what_is_shown_as_computed_was_computed(word: str) -> None:
    transcript = play(word, Table())
    computed = json.dumps([entry.answer for entry in calls(transcript)])
    shown = long_values(transcript)
    assert shown and all(value in computed for value in shown)


def test_a_total_is_the_sum_of_what_each_seat_kept_to_itself() -> None:
    from_seats = [100 + int(draw(seed(7), name, "part")[:8], 16) % 900 for name in SEATS[:3]]
    transcript = play("average", Table(seed=seed(7)), seats=3)
    assert said(transcript)[-1].result == sum(from_seats)
    public = " ".join(entry.text for entry in said(transcript)).split()
    assert not [number for number in from_seats if str(number) in public]


@pytest.mark.parametrize(
    ("word", "what"), [("receipt", "stamp"), ("lottery", "envelope"), ("auction", "envelope"), ("password", "check")]
)
def test_a_value_that_does_not_hold_is_noticed_and_not_agreed_to(word: str, what: str) -> None:
    """Ben's values are replaced on their way to Ada by ones of the same form."""

    class Forged(Table):
        def ask(self, seat, turn, step, conversation, sampling=None):  # type: ignore[no-untyped-def]
            if seat == "Ada":
                changed = Conversation(conversation.system)
                for role, text in conversation.messages:
                    changed.add(role, forge(text) if text.startswith("Ben| ") else text)
                conversation = changed
            return super().ask(seat, turn, step, conversation)

    def forge(text: str) -> str:
        for label in ("stamp [", "sealed note [", "check for Ada ["):
            head, found, rest = text.partition(label)
            if found:
                text = f"{head}{found}{'0' if rest[0] != '0' else '1'}{rest[1:]}"
        return text

    transcript = play(word, Forged())
    complaints = [entry.text for entry in said(transcript) if "does not hold" in entry.text]
    assert complaints and f"the {what} of Ben does not hold" in complaints[0]
    assert transcript.stop == "max_turns"
    assert not [entry for entry in said(transcript) if entry.seat == "Ada" and entry.done]


@pytest.mark.parametrize("word", WORDS)
def test_careful_players_use_no_textbook_name_and_tell_no_private_value(word: str) -> None:
    for number in range(4):
        transcript = play(word, Table(seed=seed(number)), seats=3)
        public = "\n".join(entry.text for entry in said(transcript)).lower()
        assert not [name for name in FORBIDDEN_NAMES if name.lower() in public]
        secrets = [
            args[key]
            for entry in calls(transcript)
            if (args := entry.args)
            for key in ("sk", "exp", "key")
            if key in args
        ]
        assert not [secret for secret in secrets if secret.removeprefix("0x").lower() in public]
        assert "what ada really wants" not in public


def test_the_prompt_is_in_what_is_said() -> None:
    first = said(play("receipt", Table()))[0].text
    assert "A matter among neighbours" in first and "get a result that Ada can trust" in first


def test_without_a_calculator_they_plan_in_words_and_say_so() -> None:
    for word in WORDS:
        transcript = play(word, Table(tools=False))
        assert transcript.stop == "agreed_end" and not calls(transcript)
        assert "nothing here to compute with" in said(transcript)[0].text
        assert "without computed values" in said(transcript)[-1].result


def test_with_ops_missing_a_routine_that_they_allow_is_played() -> None:
    few = read_brief(system_prompt(challenge(SEATS[:2], "receipt"), "Ada", "- commit_hash(...)\n- open_hash(...)", 12))
    assert choose(few) is not None and choose(few).name == "offer"  # type: ignore[union-attr]
    none = read_brief(system_prompt(challenge(SEATS[:2], "receipt"), "Ada", "- ping(): pong", 12))
    assert choose(none) is None


def test_a_calculator_that_refuses_everything_leads_to_no_agreement_and_no_crash() -> None:
    def refuse(op: str, args: dict[str, Json], seed: str) -> dict[str, Json]:
        return {"ok": False, "error": {"code": "limit_exceeded", "message": "no"}}

    for word in WORDS:
        transcript = play(word, Table(calculator=refuse))
        assert transcript.stop == "max_turns"
        assert "the calculator gave me no result" in said(transcript)[0].text


def test_a_partner_who_only_talks_is_asked_for_what_is_missing() -> None:
    class Mixed(Table):
        def ask(self, seat, turn, step, conversation, sampling=None):  # type: ignore[no-untyped-def]
            model = "talker" if seat == "Ben" else "careful"
            return self.provider.complete(request(model, conversation, seat, turn, step, self.seed))

    transcript = play("receipt", Mixed())
    assert transcript.stop == "max_turns"
    assert [entry for entry in said(transcript) if "I have not yet seen the stamp mark of Ben" in entry.text]


def test_few_calls_a_turn_are_respected() -> None:
    names = SEATS[:2]
    brief = TOOLS.replace("At most 10", "At most 2")
    view = Conversation(system_prompt(challenge(names, "calendar"), "Ada", brief, 12))
    view.add("user", OPENING_CUE)
    reply = build("mock", None).complete(request("careful", view))
    assert reply.text.count('"tool_call"') <= 2


@pytest.mark.parametrize(
    ("line", "spoken"),
    [
        ("Learn what you can of your own list.", "Learn what I can of my own list"),
        ("Check it yourself, and that she listed you rightly.", "Check it myself, and that she listed me rightly"),
        ("Know what two of you have to do", "Know what two of us have to do"),
        ("Tell nobody which offer is yours, as you are watched", "Tell nobody which offer is mine, as I am watched"),
    ],
)
def test_what_the_prompt_says_to_a_player_it_says_of_itself(line: str, spoken: str) -> None:
    assert own_words(line) == spoken


# --- determinism


@pytest.mark.parametrize("model", ["careful", "careless", "talker", "hasher"])
def test_the_same_seed_plays_the_same_match_and_another_seed_another(model: str) -> None:
    one, two, other = (play("auction", Table(model, seed(n))) for n in (1, 1, 2))
    assert one.entries == two.entries and one.usage == two.usage
    assert one.entries != other.entries


def test_a_message_depends_on_the_conversation_alone() -> None:
    """A new provider, asked in the middle of a match, goes on as the old one would: that is what resume does."""

    class Forgetful(Table):
        def ask(self, seat, turn, step, conversation, sampling=None):  # type: ignore[no-untyped-def]
            self.provider = build("mock", None)
            return super().ask(seat, turn, step, conversation)

    assert play("calendar", Forgetful()).entries == play("calendar", Table()).entries


# --- careless


def careless_matches() -> Iterator[Transcript]:
    for word in WORDS:
        for number in range(12):
            yield play(word, Table("careless", seed(word, number)))


def test_careless_players_make_every_documented_mistake_and_not_always() -> None:
    seen: Counter[str] = Counter()
    total = 0
    for transcript in careless_matches():
        total += 1
        public = "\n".join(entry.text for entry in said(transcript))
        computed = json.dumps([[entry.args, entry.answer] for entry in calls(transcript)])
        values = long_values(transcript)
        seen["invents"] += any(value not in computed for value in values)
        seen["textbook_name"] += any(name in public for name in FORBIDDEN_NAMES)
        seen["leaks"] += "Between us, " in public
        seen["malformed"] += any(entry.kind == "malformed" for entry in transcript.entries)
        seen["never_done"] += "Though perhaps we should talk" in public
        settled = {entry.seat for entry in said(transcript) if entry.done}
        checked = {e.seat for e in calls(transcript) if e.op in ("open_hash", "ed25519_verify")}
        by_checks = bool({"commit_hash", "ed25519_sign"} & {entry.op for entry in calls(transcript)})
        seen["skips_check"] += by_checks and bool(settled - checked)
        seen["agreed"] += transcript.stop == "agreed_end"
    for what in ("invents", "textbook_name", "leaks", "malformed", "never_done", "skips_check", "agreed"):
        assert 0 < seen[what] < total, (what, seen)


def test_a_malformed_call_is_followed_by_a_good_one() -> None:
    found = 0
    for transcript in careless_matches():
        for index, entry in enumerate(transcript.entries):
            if entry.kind == "malformed":
                found += 1
                later = [e.kind for e in transcript.entries[index + 1 :] if e.turn == entry.turn]
                assert "call" in later and "malformed" not in later
    assert found


def test_no_careless_match_is_aborted() -> None:
    assert {transcript.stop for transcript in careless_matches()} == {"agreed_end", "max_turns"}


# --- talker, hasher, the provider


def test_talker_talks_three_hundred_bytes_and_never_ends() -> None:
    transcript = play("receipt", Table("talker"))
    assert transcript.stop == "max_turns" and not calls(transcript)
    assert all(250 <= len(entry.text) <= 350 for entry in said(transcript))


def test_hasher_makes_one_call_a_turn() -> None:
    transcript = play("receipt", Table("hasher"))
    assert [entry.op for entry in calls(transcript)] == ["hash"] * 12 and len(said(transcript)) == 12


def test_usage_is_estimated_from_characters() -> None:
    view = Conversation("s" * 10)
    view.add("user", "u" * 11)
    usage = build("mock", None).complete(request("talker", view)).usage
    assert usage.prompt_tokens == 6 and usage.estimated and usage.completion_tokens > 60


@pytest.mark.parametrize("model", ["clever", "judge", ""])
def test_an_unknown_player_is_named_with_those_that_exist(model: str) -> None:
    with pytest.raises(ServiceFault, match="careful, careless, talker, hasher"):
        build("mock", None).complete(request(model, Conversation("x")))


def test_the_provider_is_offline() -> None:
    provider = build("mock", None)
    assert provider.offline and provider.name == "mock"


def test_a_prompt_of_another_form_gets_an_answer() -> None:
    view = Conversation("You are a helpful assistant.")
    view.add("user", "Hello?")
    assert build("mock", None).complete(request("careful", view)).text


def test_cues_of_the_harness_are_no_speakers() -> None:
    view = Conversation(system_prompt(challenge(SEATS[:2], "receipt"), "Ada", TOOLS, 12))
    view.add("user", OPENING_CUE)
    view.add("user", "(Your last reply was empty. Please write your turn.)")
    view.add("user", "Ben| hi| there: Ada\nBen| Ada| yes")
    scene = read_scene(view.system, view.messages, seed(1))
    assert scene.said == {"Ada": [], "Ben": ["hi| there: Ada\nAda| yes"]} and scene.brief.ops == frozenset(OPS)


# --- with the real calculator


@pytest.fixture(scope="module")
def real_calculator() -> Iterator[subprocess.Popen[str]]:
    if not CLI.is_file():
        pytest.skip("the calculator is not built: cargo build --release in calculator/ (make test does it)")
    with subprocess.Popen(
        [str(CLI), "--jsonl", "--seeded"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("seats", [2, 3])
@pytest.mark.parametrize("word", WORDS)
def test_every_routine_works_with_the_real_calculator(
    word: str, seats: int, real_calculator: subprocess.Popen[str]
) -> None:
    def ask(op: str, args: dict[str, Json], call_seed: str) -> dict[str, Json]:
        assert real_calculator.stdin is not None and real_calculator.stdout is not None
        fields = {"op": op, "args": args, "seed": call_seed}
        real_calculator.stdin.write(json.dumps(fields) + "\n")
        real_calculator.stdin.flush()
        found: dict[str, Json] = json.loads(real_calculator.stdout.readline())
        return found

    check_good_match(play(word, Table(calculator=ask), seats), seats, word)
