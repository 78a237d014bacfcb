"""The width of a terminal, and command lines that fit into it."""

from __future__ import annotations

import shlex

import pytest

from arena.formats.terminal import USUAL_WIDTH, fit_command, terminal_width

LINE = "python3 -m arena rejudge state/runs/first --judge-model openai/another-judge --out state/runs/first-again"


@pytest.mark.parametrize(("told", "width"), [("100", 100), ("1", 1)])
def test_columns_decides_the_width(told: str, width: int) -> None:
    assert terminal_width({"COLUMNS": told}) == width


@pytest.mark.parametrize("told", ["", "0", "wide", "-5"])
def test_columns_without_a_number_counts_as_not_set(told: str) -> None:
    assert terminal_width({"COLUMNS": told}) == terminal_width({}) >= 1


def test_width_without_a_terminal_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stdout__", None)
    monkeypatch.setattr("sys.__stderr__", None)
    assert terminal_width({}) == USUAL_WIDTH


@pytest.mark.parametrize("width", [40, 60, 78, 200])
def test_broken_command_means_the_same(width: int) -> None:
    broken = fit_command(LINE, width)
    assert shlex.split(broken.replace("\\\n", " ")) == shlex.split(LINE)


def test_broken_command_fits_and_keeps_flags_with_values() -> None:
    lines = fit_command(LINE, 60).split("\n")
    assert lines == [
        "python3 -m arena rejudge state/runs/first \\",
        "    --judge-model openai/another-judge \\",
        "    --out state/runs/first-again",
    ]


def test_short_command_is_left_alone() -> None:
    assert fit_command(LINE, 200) == LINE
