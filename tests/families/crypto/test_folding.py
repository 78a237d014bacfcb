"""Readings of messages: what the quick looks rule out is never what a pattern would find."""

from __future__ import annotations

import random

import pytest

from arena.families.crypto.checks.atoms import named
from arena.families.crypto.checks.folding import WORD, Reading, Said, reading, words_of
from arena.families.crypto.checks.number_words import number_words
from arena.families.crypto.checks.public_atoms import PublicAtoms
from arena.families.crypto.checks.textbook_names import ACRONYMS, MORE_NAMES, check_names
from arena.families.crypto.prompts import FORBIDDEN_NAMES
from arena.families.crypto.secrecy.comparisons import _COMPARES, _WORDS_OF_COMPARISON
from arena.records import EVERYBODY, Entry


def test_a_message_is_read_once_however_many_checks_ask() -> None:
    asked: list[str] = []

    def look(read: Reading) -> str:
        asked.append(read.text)
        return read.folded.upper()

    said, again = Said(0, "Ann", "Nine\u200b  Bells"), Said(4, "Bob", "Nine\u200b  Bells")
    assert said.reading is again.reading is reading("Nine\u200b  Bells")
    assert [one.reading.once(look) for one in (said, again, said)] == ["NINE BELLS"] * 3
    assert asked == ["Nine\u200b  Bells"]
    assert said.words == ("nine", "bells") and said.numbers == ()


def test_words_of_plain_signs_are_those_of_the_pattern() -> None:
    source = random.Random("words")
    for _ in range(2000):
        text = "".join(chr(source.randrange(128)) for _ in range(source.randrange(40)))
        assert words_of(text) == tuple(dict.fromkeys(WORD.findall(text)))
    assert words_of("a_b ä-ö 7½") == tuple(dict.fromkeys(WORD.findall("a_b ä-ö 7½")))


@pytest.mark.parametrize("number", [21, 30, 99, 100, 111, 207, 415, 1000, 6040, 111_111, 2_000_000, 999_999_999])
def test_a_number_in_words_is_found_in_a_text_without_digits(number: int) -> None:
    for form in number_words(number):
        assert named(number, f"so it is {form}, and no other")
    assert not named(number, "so it is what we said, and no other")


@pytest.mark.parametrize("name", [*FORBIDDEN_NAMES, *MORE_NAMES, *ACRONYMS])
@pytest.mark.parametrize("around", ["Then a {}, please.", "\u201c{}\u201d \u2013 s\u00ed", "x\n{}s"])
def test_every_textbook_name_is_found_in_a_message(name: str, around: str) -> None:
    entry = Entry(3, "Ann", EVERYBODY, "say", text=around.format(name))
    assert not check_names([entry]).ok


@pytest.mark.parametrize(
    "words",
    [
        "above", "over", "beyond", "exceeds", "more than", "greater than", "higher than", "larger than", "bigger than",
        "below", "under", "less than", "lower than", "smaller than", "fewer than", "at least", "at the most",
        "a minimum of", "a maximum of", "up to", "or more", "or above", "or over", "or higher", "or less", "or below",
        "or under", "or lower", "between", "even", "odd", "multiple of", "divisible by", "ends in", "end with",
        "begins with", "begin in", "starts in", "start with",
    ],
)  # fmt: skip
def test_every_comparison_has_a_word_by_which_messages_are_sorted_out(words: str) -> None:
    assert _COMPARES.search(f"mine is {words} it")
    assert not _WORDS_OF_COMPARISON.isdisjoint(words.split())


def test_the_atoms_of_a_fixed_value_are_those_that_the_record_gives() -> None:
    specs = {"lane": {"draw": "is", "value": ["oak lane", 7]}, "word": {"draw": "is", "value": "nine bells"}}
    challenge = {"id": "c", "name": "A matter", "instance": {"values": specs, "truth": "word", "result": "text"}}
    for lane, found in ((["oak lane", 7], ("oak lane", 7)), (["elm court"], ("elm court",))):
        public = PublicAtoms(challenge, {"lane": lane, "word": "nine bells"})
        assert public.in_value("lane") == found and public.in_value("word") == ("nine bells",)
