"""Regular expressions of policies: those that could take exponential time are refused, the others are bounded."""

from __future__ import annotations

import re

import pytest

from arena.errors import DataError
from arena.policy.evaluator_file import read_evaluator
from arena.policy.gates_file import read_policy
from arena.policy.patterns import OVERLAP, WINDOW, search, slow_because

SLOW = (
    r"(a+)+b", r"(?:a*)*", r"(?:\w+\s)+x", r"((?:a+b?)*c)+", r"(?:a|a)*$", r"(?:x|xy)*z", r"(?:|a)*b", r"(.*)(.*)(.*)",
    r"a.*b.*c", r"\s*\s*$", r"\w*\w*!", r"(?:a?){50}", r"(?:a{1,40}){10}", r"(a{1,300}){2}",
    r"a{0,200}a{0,200}a{0,200}", r"(?=(a+)+b)", r"x(?:(?:a|b)?c+)*", r"(?:(?:a{0,3}){0,3}){0,3}b",
    r"(?P<q>a+)(?P=q)+b", r"(a*)\1b", r"(a{1,9})(?:x|\1)+", r"(?:[a-z][a-c]?){13,16}\b", r"(?:\d-?\d?){13,16}",
    r"(?:x?y?){20}", r"(?:\d[ -]?){13,16}[ -]*\d*-*",
)  # fmt: skip
FAST = (
    r"a+b", r"(?:a|b)*c", r"(?:foo|bar)+", r"a\s+b\s+c\s+d\s+", r"\w+@\w+\.\w+", r"(?:\d[ -]?){15,16}", r"a.*b",
    r"ignore (?:all |any )?(?:the )?previous", r"ignore.{0,80}previous.{0,80}words", r"(?:ab){2,9}", r"(?:ab?){8}x",
    r"[^\d]*5\D*6\D*7", r"(?i:x)(?<!y)z*?", r"\b[A-Z]{2}-\d{4}-[A-Z]{3,}\b", r"(?:|a)b", r"(a)\1+",
    r"(\w{1,20})=\1", r"([\"']).*?\1", r"\b(?:\d[ -]?){13,16}\b", r"(?:\d[ -]?){12,19}", r"(\d,? ?){2,40}",
)  # fmt: skip


@pytest.mark.parametrize("source", SLOW)
def test_an_expression_that_may_take_long_is_told(source: str) -> None:
    assert slow_because(source)


@pytest.mark.parametrize("source", FAST)
def test_a_harmless_expression_is_let_in(source: str) -> None:
    assert slow_because(source) == ""


def test_a_gates_file_with_a_slow_expression_is_refused_at_its_place() -> None:
    text = "version: 1\npost_call:\n- id: r\n  deny_if: {any: [{text_regex: ok}, {text_regex: '(a+)+b'}]}\n"
    with pytest.raises(DataError) as caught:
        read_policy(text, "gates.yaml", {})
    (issue,) = caught.value.issues
    assert issue.pointer == "/post_call/0/deny_if/any/1/text_regex" and "may take too long" in issue.message


def test_an_evaluator_with_a_slow_expression_is_refused_at_its_place() -> None:
    text = "version: 1\nrules:\n- id: r\n  success_if: {forbids_any: ['(a|a)*b']}\n"
    with pytest.raises(DataError) as caught:
        read_evaluator(text, "evaluator.yaml")
    (issue,) = caught.value.issues
    assert issue.pointer == "/rules/0/success_if/forbids_any/0"


@pytest.mark.parametrize("place", [0, WINDOW - 3, WINDOW, 2 * WINDOW + 17, 5 * WINDOW - 8])
def test_a_match_is_found_wherever_it_is_in_a_long_text(place: int) -> None:
    text = "." * place + "sk-live-1234" + "." * (5 * WINDOW - place)
    found = search(re.compile(r"sk-live-\d{4}"), text)
    assert found is not None and found.start() == place


def test_a_long_text_without_a_match_has_none() -> None:
    assert search(re.compile("sk-live"), "." * (4 * WINDOW)) is None


def test_a_match_as_long_as_the_overlap_is_found() -> None:
    text = "." * (WINDOW - 9) + "x" * OVERLAP + "." * WINDOW
    assert search(re.compile(f"x{{{OVERLAP}}}"), text) is not None


def test_a_long_text_is_searched_in_pieces_of_bounded_length() -> None:
    """What a piece costs does not grow with the text: no search sees more than one."""
    seen: list[int] = []

    class Watched:
        def search(self, text: str, begin: int = 0, end: int | None = None) -> None:
            seen.append((len(text) if end is None else end) - begin)

    search(Watched(), "." * (10 * WINDOW))  # type: ignore[arg-type]
    assert len(seen) > 10 and max(seen) <= WINDOW


@pytest.mark.parametrize("source", ["[a--b]", "[[a]b]", "[a&&b]"])
def test_expression_that_later_pythons_read_otherwise_is_refused(source: str) -> None:
    """Python warns of it, with a place in the code; a user is told the place in the file."""
    text = f"version: 1\npost_call:\n- id: r\n  deny_if: {{text_regex: '{source}'}}\n"
    with pytest.raises(DataError, match="may mean something else in a later Python"):
        read_policy(text, "gates.yaml", {})
