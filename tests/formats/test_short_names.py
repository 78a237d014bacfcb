"""Names that a user may shorten (arena/formats/short_names.py)."""

import pytest

from arena.formats.short_names import full_name

KNOWN = ("p1_first", "p2_second", "lie", "lie_when_hard", "Both", "both_of_them")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("p1_first", "p1_first"),
        ("p1", "p1_first"),
        ("P1", "p1_first"),
        ("P2-sec", "p2_second"),
        ("lie", "lie"),
        ("LIE", "lie"),
        ("lie_", "lie_when_hard"),
        ("both", "Both"),
    ],
)
def test_unique_beginning_is_the_known_name(typed: str, meant: str) -> None:
    assert full_name(typed, KNOWN) == meant


@pytest.mark.parametrize("typed", ["p", "li", "p3", "p1_first_of_all", ""])
def test_other_text_stays_as_it_was_typed(typed: str) -> None:
    assert full_name(typed, KNOWN) == typed
