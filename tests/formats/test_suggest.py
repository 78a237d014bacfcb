"""The name that a mistyped one probably meant."""

from __future__ import annotations

import pytest

from arena.formats.suggest import suggest

COMMANDS = ("run", "runs", "report", "rejudge", "challenges", "check")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rnu", "run"),
        ("reprot", "report"),
        ("Report", "report"),
        ("chek", "check"),
        ("chall", "challenges"),
        ("run", "run"),
    ],
)
def test_close_name_is_offered(typed: str, meant: str) -> None:
    assert suggest(typed, COMMANDS) == f"; did you mean {meant}?"


@pytest.mark.parametrize("typed", ["dance", "", "x", "re", "telepathy"])
def test_far_name_is_not_offered(typed: str) -> None:
    assert suggest(typed, COMMANDS) == ""


def test_hyphen_and_underscore_are_equal() -> None:
    assert suggest("max-turns", ["max_turns", "max_tokens"]) == "; did you mean max_turns?"


def test_ambiguous_beginning_is_not_offered() -> None:
    assert suggest("--judge-max", ["--judge-max-tokens", "--judge-max-chars-total"]) == ""


def test_nothing_known_offers_nothing() -> None:
    assert suggest("run", []) == ""
