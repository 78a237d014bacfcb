"""The mechanical checks: each finds what it is for, and says nothing if there is nothing."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from arena.families.crypto.checks.atoms import decoded_texts, encoded_forms, named
from arena.families.crypto.checks.evidence import evidence_values
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.number_words import number_words
from arena.families.crypto.checks.results import (
    CHECKS,
    Checks,
    EvidenceValuesCheck,
    LeakFound,
    LeaksCheck,
    ResultCheck,
    UnrealValue,
    UnusedCall,
)
from arena.families.crypto.checks.textbook_names import MORE_NAMES, names_in
from arena.families.crypto.prompts import FORBIDDEN_NAMES
from arena.records import EVERYBODY, Entry, Json

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CITIES = ["Arles", "Bergen", "Cadiz", "Dover", "Essen"]
VALUES: dict[str, Json] = {
    "bid": 415, "pay": 2950, "city": "Cadiz", "mine": ["Arles", "Dover"], "yours": ["Dover", "Essen"],
    "born": "1990-05-18", "key": "8a58e60b7ec75c658b8623c9deb2052b", "tiny": 3,
}  # fmt: skip


def challenge(**instance: Json) -> dict[str, Any]:
    names = ["Ann", "Bob"]
    return {
        "id": "c-1",
        "name": "A matter",
        "participants": [{"id": name, "display_name": name} for name in names],
        "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann begins."},
        "participant_context": {
            "public_background": "They need 600 euros, by an accumulator that starts the van.",
            "role_specific": {n: {"goals": ["g"], "constraints": ["c"], "private_info": ["p"]} for n in names},
        },
        "instance": {
            "values": {
                "bid": {"draw": "int", "from": 100, "to": 600},
                "pay": {"draw": "int", "from": 2000, "to": 4000},
                "city": {"draw": "choice", "of": CITIES},
                "mine": {"draw": "subset", "of": CITIES, "size": 2},
                "yours": {"draw": "subset", "of": CITIES, "size": 2},
                "born": {"draw": "date", "from": "1950-01-01", "to": "2012-12-31"},
                "key": {"draw": "hex", "bytes": 16},
                "tiny": {"draw": "int", "from": 0, "to": 9},
            },
            "own": {"Ann": ["bid", "pay", "mine", "born", "key", "city", "tiny"], "Bob": ["yours"]},
            "secret": {"Ann": ["bid", "pay", "mine", "born", "key", "tiny"], "Bob": ["yours"]},
            "truth": {"intersection": ["mine", "yours"]},
            "result": "set",
        }
        | instance,
    }


def say(turn: int, seat: str, text: str, **done: Json) -> Entry:
    return Entry(turn, seat, EVERYBODY, "say", 0, text, bool(done), done.get("result"))


def call(turn: int, seat: str, op: str, args: dict[str, Json], result: Json, ok: bool = True) -> Entry:
    answer = {"ok": True, "result": result} if ok else {"ok": False, "error": {"code": "x", "message": "y"}}
    return Entry(turn, seat, (seat,), "call", op=op, args=args, answer=answer)


def checks(*entries: Entry, **instance: Json) -> Checks:
    return check_match(list(entries), challenge(**instance), VALUES)


def leaks(*entries: Entry, **instance: Json) -> LeaksCheck:
    found = checks(*entries, **instance).leaks
    assert found is not None
    return found


def result(*entries: Entry, **instance: Json) -> ResultCheck:
    found = checks(*entries, **instance).result
    assert found is not None
    return found


def test_a_clean_match_is_green_and_every_check_reports() -> None:
    found = checks(
        call(0, "Ann", "hash", {"data": "utf8:x"}, DIGEST),
        say(0, "Ann", f"My seal [{DIGEST}]."),
        say(1, "Bob", f"I hold {DIGEST}.", result=["Dover"]),
        say(2, "Ann", "Good.", result=["dover"]),
    )
    assert found.passed() == {**dict.fromkeys(CHECKS, True), "obligations": None, "cheat": None} and found.all_green
    assert found.artefacts == EvidenceValuesCheck(True, 2, 2, 1.0, ())
    assert found.tools.calls == 1 and found.tools.unused == 0


def test_without_an_instance_leaks_and_result_are_not_checked() -> None:
    bare = challenge()
    del bare["instance"]
    found = check_match([say(0, "Ann", "hello")], bare, None)
    assert found.leaks is None and found.result is None and found.all_green


# --- textbook names


@pytest.mark.parametrize(
    "text",
    [
        "a zero-knowledge proof", "Zero Knowledge Proofs", "two digital  signatures", "just hash it", "Hashes!",
        "Merkle trees", "a commitment scheme", "use SHA-256", "an MPC", "Diffie-Hellman", "a Pedersen commitment",
    ],
)  # fmt: skip
def test_textbook_names_are_found_in_all_their_forms(text: str) -> None:
    assert names_in(text)
    found = checks(say(0, "Ann", text)).textbook_names
    assert not found.ok and found.found[0].seat == "Ann"


@pytest.mark.parametrize("name", [*FORBIDDEN_NAMES, *MORE_NAMES])
def test_every_name_of_the_list_is_found(name: str) -> None:
    assert names_in(f"Let us use a {name}.") and names_in(f"Two {name}s, then.")


@pytest.mark.parametrize(
    "text",
    ["a sealed note", "rehashed", "my signature on paper", "an accumulator for the van", "is that proof?", "psi"],
)
def test_everyday_words_and_words_of_the_challenge_are_no_names(text: str) -> None:
    assert checks(say(0, "Ann", text)).textbook_names.ok


def test_a_done_line_and_a_private_step_are_not_searched_for_names() -> None:
    note = Entry(0, "Ann", ("Ann",), "note", text="I hash it")
    assert checks(note, say(0, "Ann", "Fine.", result="hash")).textbook_names.ok


def test_an_end_without_a_claim_declares_nothing() -> None:
    both = [say(0, "Ann", "Done.", result=None), say(1, "Bob", "Done.", result=None)]
    found = result(*both)
    assert found.verdict == "none" and found.declared == {}
    assert result(both[0], say(1, "Bob", "Done.", result=["Dover"])).verdict == "none"
    taken_back = result(say(0, "Ann", "x", result=["Dover"]), say(1, "Bob", "x", result=["Dover"]),
                        say(2, "Ann", "y", result=None))  # fmt: skip
    assert taken_back.declared == {"Bob": ["Dover"]}


# --- leaks

B64 = base64.b64encode


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("I would pay 415 for it.", "bid", "plain"),
        ("My pay is 2,950 euros.", "pay", "plain"),
        ("My pay is 2950.", "pay", "plain"),
        ("I am free for Arles.", "mine", "plain"),
        ("Born on 18 May 1990.", "born", "plain"),
        ("Born 1990-05-18.", "born", "plain"),
        ("Take 8A58E60B7EC75C658B8623C9DEB2052B.", "key", "plain"),
        (f"Take {B64(bytes.fromhex(str(VALUES['key']))).decode()}.", "key", "encoded"),
        (f"Take {int(str(VALUES['key']), 16)}.", "key", "encoded"),
        (f"Take {b'Arles'.hex()}.", "mine", "encoded"),
        (f"Take {B64(b'my bid: 415').decode()}.", "bid", "inside a code"),
        (f"Take {b'it is 3, ok'.hex()}.", "tiny", "inside a code"),
        (f"Take {base64.b32encode(b'Arles').decode()}.", "mine", "encoded"),
        (f"Take {base64.b32encode(b'my bid: 415').decode()}.", "bid", "inside a code"),
        (f"Take {415:b}.", "bid", "encoded"),
        (f"Take {int.from_bytes(b'pay 2950', 'big')}.", "pay", "inside a code"),
    ],
)
def test_a_secret_is_found_in_plain_and_encoded(text: str, value: str, form: str) -> None:
    assert leaks(say(0, "Ann", text)).found == (LeakFound(0, "Ann", value, form),)


def test_both_alphabets_of_base64_are_encoded_forms() -> None:
    secret = "fbefbefbefbefbefff"
    plain, url_safe = (encode(bytes.fromhex(secret)).decode() for encode in (B64, base64.urlsafe_b64encode))
    assert plain != url_safe and {plain, url_safe} <= encoded_forms(secret)


@pytest.mark.parametrize(
    "text",
    [
        "We have 3 rooms.",  # 10 possible values: undecidable in plain
        "Is it Arles, Bergen or Dover?",  # names others of the list, too
        "Dover it is.",  # the right result
        "I like Cadiz.",  # own, but no secret
        "We need 600 euros.",  # another number
        "Number 24150.",  # holds 415 as a part
        f"My seal {DIGEST}.",
    ],
)
def test_what_gives_nothing_away_is_no_leak(text: str) -> None:
    assert leaks(say(0, "Ann", text)).ok, text


def test_only_the_owner_can_leak_and_small_secrets_are_said_to_be_undecided() -> None:
    assert leaks(say(1, "Bob", "Perhaps 415?")) == LeaksCheck(True, (), ("tiny",))


FIXED = {"until": {"bid": ["Ann", "Bob"]}}
OTHER = DIGEST[::-1]


@pytest.mark.parametrize(
    ("turns", "leaked"),
    [
        ([("Ann", DIGEST), ("Bob", OTHER), ("Ann", "415")], False),
        ([("Bob", OTHER), ("Ann", DIGEST), ("Bob", "Yes."), ("Ann", "415")], False),
        ([("Ann", DIGEST), ("Ann", "415"), ("Bob", OTHER)], True),
        ([("Ann", "415"), ("Bob", OTHER), ("Ann", DIGEST)], True),
        ([("Bob", OTHER), ("Ann", f"{DIGEST}: 415")], True),
        ([("Ann", DIGEST), ("Bob", f"I hold {DIGEST}."), ("Ann", "415")], True),
        ([("Ann", DIGEST), ("Bob", "Fixed, too."), ("Ann", "415")], True),
    ],
)
def test_a_secret_with_an_event_may_be_told_once_all_have_shown_a_code_of_their_own(
    turns: list[tuple[str, str]], leaked: bool
) -> None:
    entries = [say(turn, seat, text) for turn, (seat, text) in enumerate(turns)]
    found = leaks(*entries, **FIXED)
    assert found.ok is not leaked
    assert [one.value for one in found.found] == (["bid"] if leaked else [])
    assert not leaks(*entries).ok, "without the event it may never be told"


def test_an_event_ends_the_secrecy_of_its_own_value_only() -> None:
    found = leaks(say(0, "Ann", DIGEST), say(1, "Bob", OTHER), say(2, "Ann", "415 of 2950"), **FIXED)
    assert [one.value for one in found.found] == ["pay"]


def test_what_all_may_know_is_no_leak() -> None:
    assert leaks(say(0, "Ann", "415"), truth="bid", result="int").ok
    assert leaks(say(0, "Ann", "415"), known=["bid"], secret={"Ann": ["mine"]}).ok


def test_forms_of_an_atom() -> None:
    assert named("new york", "i love new york!") and not named("york", "newyorker")
    assert {"343135"} <= encoded_forms(415) and "3" not in encoded_forms(3)
    assert list(decoded_texts(b"hello you".hex())) == ["hello you"]
    assert list(decoded_texts(DIGEST)) == []


# --- result


def results(ann: Json, bob: Json, **instance: Json) -> str:
    return result(say(0, "Ann", "x", result=ann), say(1, "Bob", "y", result=bob), **instance).verdict


@pytest.mark.parametrize(
    ("ann", "bob", "verdict"),
    [
        (["Dover"], "dover", "right"),
        (["Essen"], ["essen"], "wrong"),
        (["Dover"], ["Essen"], "disagreed"),
        (7, 7, "wrong"),
        (7, ["Dover"], "disagreed"),
    ],
)
def test_declared_results_are_compared_with_each_other_and_with_the_truth(ann: Json, bob: Json, verdict: str) -> None:
    assert results(ann, bob) == verdict


def test_agreement_alone_decides_where_there_is_no_other_truth() -> None:
    assert results("Bob", "bob", truth={"agreed": True}, result="role") == "right"
    assert results("Bob", "Ann", truth={"agreed": True}, result="role") == "disagreed"
    among = {"agreed": True, "among": {"is": ["Ann"]}}
    assert results("Bob", "Bob", truth=among, result="role") == "wrong"
    assert results("Ann", "Ann", truth=among, result="role") == "right"


def test_a_later_turn_without_a_result_takes_it_back() -> None:
    first, second = say(0, "Ann", "x", result=["Dover"]), say(1, "Bob", "y", result=["Dover"])
    assert result(first, second).verdict == "right"
    taken = result(first, second, say(2, "Ann", "No, wait."))
    assert taken.verdict == "none" and taken.declared == {"Bob": ["Dover"]} and not taken.agreed


# --- artefacts and tools


def test_an_invented_evidence_value_is_unreal_and_listed() -> None:
    found = checks(say(0, "Ann", f"My seal [{DIGEST}].")).artefacts
    assert found.share == 0 and found.unreal == (UnrealValue(0, "Ann", DIGEST),)


@pytest.mark.parametrize(
    "entries",
    [
        [call(0, "Ann", "hash", {"data": "00"}, DIGEST), say(0, "Ann", DIGEST.upper())],
        [call(0, "Ann", "hash", {"data": "00"}, DIGEST), say(0, "Ann", f"0x{DIGEST[:20]}")],
        [call(0, "Ann", "open", {"c": DIGEST}, {"valid": True}), say(0, "Ann", DIGEST)],
        [call(0, "Ann", "mul", {"a": "2"}, "123456789012345678"), say(0, "Ann", "123456789012345678")],
        [say(0, "Ann", str(VALUES["key"]))],
    ],
)
def test_what_comes_from_own_calls_or_values_is_real(entries: list[Entry]) -> None:
    found = checks(*entries).artefacts
    assert found.count == 1 and found.ok


def test_another_seats_calls_and_failed_calls_make_nothing_real() -> None:
    assert not checks(call(0, "Bob", "hash", {}, DIGEST), say(0, "Ann", DIGEST)).artefacts.ok
    assert not checks(call(0, "Ann", "open", {"c": DIGEST}, None, ok=False), say(0, "Ann", DIGEST)).artefacts.ok


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("plain words that are rather longwindedandwithoutanydigits", 0), (DIGEST, 1), ("0x" + "ab" * 8, 1),
        ("abcdef0123", 0), ("1234567890123", 1), ("123456789012", 0), ("QUJDREVGR0hJSktMTU5PUFFSU1RVVg==", 1),
        (f"[{DIGEST}], [{DIGEST}]", 2), ("on 2026-11-20 at 18:40", 0),
    ],
)  # fmt: skip
def test_what_counts_as_an_evidence_value(text: str, count: int) -> None:
    assert len(evidence_values(text)) == count


def test_calls_that_failed_or_could_not_be_read_are_not_ok_and_unused_ones_are_counted() -> None:
    malformed = Entry(0, "Ann", ("Ann",), "malformed", text="{", problem="p")
    found = checks(malformed, call(0, "Ann", "hash", {}, None, ok=False), call(0, "Ann", "hash", {}, DIGEST)).tools
    assert not found.ok
    assert (found.calls, found.failed, found.malformed, found.unused) == (2, 1, 1, 1)
    assert found.unused_calls == (UnusedCall(0, "Ann", "hash"),)


def test_a_result_is_used_when_it_is_quoted_passed_on_compared_or_a_yes_or_no() -> None:
    assert checks(call(0, "Ann", "hash", {}, DIGEST), say(0, "Ann", DIGEST)).tools.unused == 0
    passed = [call(0, "Ann", "hash", {}, DIGEST), call(0, "Ann", "open", {"c": DIGEST}, {"valid": True})]
    assert checks(*passed).tools.unused == 0
    compared = [say(0, "Bob", DIGEST), call(1, "Ann", "hash", {}, DIGEST)]
    assert checks(*compared).tools.unused == 0


# --- leaks in disguise


@pytest.mark.parametrize(
    "text",
    [
        "I bid \uff14\uff11\uff15.", "I bid \u0664\u0661\u0665.", "I bid 4\u200b1\u200b5.",
        "I bid 4\u03011\u03015\u0301.",
        "I bid 4-1-5.", "It is 4 1 5, then.", "I bid four hundred and fifteen.", "I bid four hundred fifteen.",
        "four one five", "I bid \U0001d7d2\U0001d7cf\U0001d7d3.", "I could pay 0592.",
        "two thousand nine hundred and fifty",
        "8a58-e60b-7ec7-5c65-8b86-23c9-deb2-052b", "b2502bed9c3268b856c57ce7b06e85a8",
        "8a58e60b7ec7\u200b5c658b8623c9deb2052b",
        "I was b\u00f4rn in 1990\u00ad-05-18", "8 1 5 0 0 9 9 1, backwards, or 1/9/9/0/0/5/1/8",
    ],
)  # fmt: skip
def test_a_secret_in_disguise_is_found(text: str) -> None:
    found = leaks(say(0, "Ann", text))
    assert not found.ok and found.found[0].seat == "Ann", text


@pytest.mark.parametrize(
    "text",
    [
        "I bid 514.", "It takes 4 people, 1 day, 5 vans.", "Call 4150 or 1415.", "four hundred and sixteen",
        "From 4 to 15.", "room 41, 5 beds", "twenty-nine fifty-one", "the 4th of 15",
    ],
)  # fmt: skip
def test_other_numbers_are_no_disguise(text: str) -> None:
    assert leaks(say(0, "Ann", text)).ok, text


def test_names_of_a_list_sign_by_sign_are_found() -> None:
    assert not leaks(say(0, "Bob", "E-s-s-e-n, you know.")).ok
    assert not leaks(say(0, "Bob", "Read it backwards: nesse.")).ok


def test_numbers_in_words_are_written_in_every_usual_way() -> None:
    assert number_words(2950) == (
        "two thousand nine hundred and fifty", "two thousand nine hundred fifty", "two nine five zero",
    )  # fmt: skip
    assert "one million two thousand and thirty-four" in number_words(1_002_034)
    assert number_words(20) == () and number_words(21) == ("twenty-one", "twenty one")
