"""The outcome rule: what the published results pin down, what a rule file may hold, when there is no outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.errors import DataError
from arena.families.crypto.outcome import OUTCOMES, load_rule, outcome, rule_from_json
from arena.families.crypto.rubric import RUBRIC
from arena.records import Stop

RULE_FILE = Path(__file__).resolve().parents[3] / "config" / "outcome_rule.yaml"
FLOOR = load_rule(RULE_FILE)


def scores(*grades: int) -> dict[str, int]:
    return dict(zip(RUBRIC.dimensions, grades, strict=True))


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ((2, 4, 2, 1, 2), "FAILED"),
        ((5, 5, 5, 5, 5), "SUCCESS"),
        ((5, 5, 5, 5, 5), "SUCCESS"),
        ((2, 4, 2, 1, 2), "FAILED"),
        ((2, 4, 2, 1, 2), "FAILED"),
        ((5, 5, 4, 4, 4), "SUCCESS"),
        ((3, 4, 2, 1, 2), "FAILED"),
    ],
)
def test_the_seven_published_results_come_out_as_published(grades: tuple[int, ...], expected: str) -> None:
    assert outcome(FLOOR, scores(*grades), Stop("max_turns")) == expected


def test_every_outcome_can_be_reached_and_the_lowest_grade_decides() -> None:
    found = [outcome(FLOOR, scores(5, 5, lowest, 5, 5), Stop("agreed_end")) for lowest in (4, 3, 2, 1)]
    assert found == list(OUTCOMES)


def test_every_stop_has_its_outcome() -> None:
    for stop in Stop:
        status = stop.status
        scored = outcome(FLOOR, scores(5, 5, 5, 5, 5), stop)
        assert scored == {"done": "SUCCESS", "aborted": "FAILED"}.get(status), stop


def test_an_unscored_match_has_no_outcome() -> None:
    assert outcome(FLOOR, None, Stop("agreed_end")) is None
    assert outcome(FLOOR, None, Stop("player_fault")) == "FAILED"


def rule(*when: str) -> dict[str, object]:
    rows = [{"outcome": label, "when": text} for label, text in zip(OUTCOMES, when, strict=False)]
    return {"name": "mine", "version": 2, "rules": rows, "otherwise": "FAILED"}


def test_a_mean_is_compared_exactly_and_conditions_are_joined() -> None:
    mean = rule_from_json(rule("mean >= 4.4", "mean >= 3.5 and all >= 2", "mean >= 2.5"), "f")
    assert outcome(mean, scores(5, 5, 4, 4, 4), Stop("max_turns")) == "SUCCESS"
    assert outcome(mean, scores(5, 5, 5, 5, 1), Stop("max_turns")) == "PARTIAL"
    assert outcome(mean, scores(3, 4, 2, 1, 2), Stop("max_turns")) == "FAILED"


def test_a_rule_reads_back_from_what_is_recorded() -> None:
    for each in (FLOOR, rule_from_json(rule("mean >= 4.4 and all>=3", "all >= 3", "mean >=2.5"), "f")):
        assert rule_from_json(each.to_json(), "manifest.json") == each


@pytest.mark.parametrize(
    ("found", "pointer", "said"),
    [
        ([], "", "must be an object"),
        ({**rule("all >= 4", "all >= 3", "all >= 2"), "more": 1}, "/more", "unknown key"),
        ({"version": 1, "rules": [], "otherwise": "FAILED"}, "", "'name' is missing"),
        ({**rule("all >= 4", "all >= 3", "all >= 2"), "version": True}, "/version", "integer"),
        ({**rule("all >= 4", "all >= 3", "all >= 2"), "name": "a b"}, "/name", "letters"),
        ({**rule("all >= 4", "all >= 3", "all >= 2"), "otherwise": "PARTIAL"}, "/otherwise", "FAILED"),
        (rule("all >= 4", "all >= 3"), "/rules", "list of 3"),
        (rule("all > 4", "all >= 3", "all >= 2"), "/rules/0/when", "cannot read"),
        (rule("all >= 4 or mean >= 4", "all >= 3", "all >= 2"), "/rules/0/when", "cannot read"),
        (rule("all >= 6", "all >= 3", "all >= 2"), "/rules/0/when", "at most 5"),
        (rule("all >= 4", "all >= 3", "mean >= 1"), "/rules/2/when", "above 1"),
        (rule("all >= 3.5", "all >= 3", "all >= 2"), "/rules/0/when", "whole grade"),
        (rule("all >= 3", "all >= 4", "all >= 2"), "/rules/1/when", "never decides"),
        (rule("mean >= 3", "all >= 3", "all >= 2"), "/rules/1/when", "never decides"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_place(found: object, pointer: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        rule_from_json(found, "rule.yaml")
    assert any(issue.pointer == pointer and said in issue.message for issue in caught.value.issues), str(caught.value)


def test_all_issues_come_at_once() -> None:
    with pytest.raises(DataError) as caught:
        rule_from_json({**rule("all > 4", "all >= 9", "all >= 2"), "version": 0}, "rule.yaml")
    assert len(caught.value.issues) == 3


def test_outcomes_out_of_order_are_refused() -> None:
    swapped = rule("all >= 4", "all >= 3", "all >= 2")
    swapped["rules"] = list(reversed(swapped["rules"]))  # type: ignore[call-overload]
    with pytest.raises(DataError, match="best first"):
        rule_from_json(swapped, "rule.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere.yaml"):
        load_rule(tmp_path / "nowhere.yaml")
