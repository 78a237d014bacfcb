"""The lines about trials that did not pass, and the command that resumes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arena.cli.run_end import LONGEST_REASON, NotPassed, not_passed_lines, resume_command

LOCAL = "local: connection refused at 127.0.0.1:8000 (1 attempt)"
RESUME = "python3 -m arena run --resume --out state/runs/first"


def failed(number: int, detail: str = "HTTP 500") -> NotPassed:
    return NotPassed(f"crypto/c{number}/rep_0", "error", "provider", detail)


def test_each_trial_that_did_not_pass_has_a_line() -> None:
    trials = [
        NotPassed("crypto/adjourned-chess-move/rep_0", "error", "provider", LOCAL),
        NotPassed("crypto/workshop-approval/rep_1", "aborted", "player_fault", "Workshop, turn 3: 4 malformed calls"),
    ]
    assert not_passed_lines(trials) == [
        f"ERROR    crypto/adjourned-chess-move/rep_0  {LOCAL}",
        "ABORTED  crypto/workshop-approval/rep_1     Workshop, turn 3: 4 malformed calls",
    ]


def test_run_without_failures_has_no_line() -> None:
    assert not_passed_lines([]) == []


@pytest.mark.parametrize(("count", "more"), [(10, []), (11, ["and 1 more"]), (3000, ["and 2990 more"])])
def test_only_the_first_ten_are_listed(count: int, more: list[str]) -> None:
    lines = not_passed_lines(failed(number) for number in range(count))
    assert [line.split()[1] for line in lines[:10]] == [f"crypto/c{number}/rep_0" for number in range(10)]
    assert lines[10:] == more


def test_trials_are_read_once() -> None:
    read: list[int] = []

    def trials() -> Iterator[NotPassed]:
        for number in range(20):
            read.append(number)
            yield failed(number)

    not_passed_lines(trials())
    assert read == list(range(20))


def test_trial_without_detail_shows_its_stop_reason() -> None:
    line = not_passed_lines([NotPassed("crypto/c1/rep_0", "denied", "gate_denied", "")])[0]
    assert line == "DENIED  crypto/c1/rep_0  gate denied"


def test_reason_is_one_harmless_line() -> None:
    line = not_passed_lines([failed(1, "a\n\x1b[31mb\u202e\tc")])[0]
    assert line == "ERROR  crypto/c1/rep_0  a \\x1b[31mb\\u202e c"


def test_long_reason_is_cut() -> None:
    line = not_passed_lines([failed(1, "x" * 5000)])[0]
    assert line.endswith("  " + "x" * LONGEST_REASON + "...")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["--limit", "3"], "python3 -m arena run --limit 3 --resume --out 'my runs/a'"),
        (["--resume", "--out", "b"], "python3 -m arena run --resume --out b"),
        (["--out=b"], "python3 -m arena run --out=b --resume"),
        (
            ["--out", "b", "--role-model", "A B=mock/x"],
            "python3 -m arena run --out b --role-model 'A B=mock/x' --resume",
        ),
    ],
)
def test_resume_command_adds_what_is_missing(words: list[str], command: str) -> None:
    assert resume_command(words, "arena run", "my runs/a") == command


def test_resume_command_hides_tokens_in_addresses() -> None:
    words = ["--calculator-lambda-url", "https://user:pass@calculator.example/path?token=abc"]
    assert "calculator.example/path" in resume_command(words, "arena run", "o")
    assert "pass" not in resume_command(words, "arena run", "o") and "abc" not in resume_command(
        words, "arena run", "o"
    )
