"""Several judgements become one: medians, unread ones, the text that is kept; what moved and who disagrees."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from arena.analysis.rejudge.agreement import MOST_LISTED, AgreementTally
from arena.analysis.rejudge.changes import Scored
from arena.analysis.rejudge.text import agreement_text
from arena.families.crypto.mock.judge_noisy import noisy_judge_reply
from arena.families.crypto.outcome import Condition, OutcomeRule, outcome
from arena.families.crypto.spec import SPEC
from arena.judging.judge import JudgeMaterial, JudgeResult, Rubric, Truncation, judge_conversation
from arena.judging.panel import ask_panel, medians
from arena.messages import Message
from arena.records import Counters, Judgement, Judging, Record, Score, Stop, Transcript, Trial
from arena.stats.agreement import INTERVAL, ORDINAL, Cells, add_cells, alpha, pairs_of, quadratic_kappa

DIMENSIONS = ("Fit", "Proof")
OUTCOMES = ("SUCCESS", "PARTIAL", "FAILED")


def judged(*grades: int, asks: int = 1) -> JudgeResult:
    return JudgeResult(dict(zip(DIMENSIONS, grades, strict=True)), f"graded {grades}", None, asks,
                       usage=Counters(calls=asks))  # fmt: skip


def unread(why: str = "unparsable verdict: it is prose") -> JudgeResult:
    return JudgeResult(unscored=why, asks=3, usage=Counters(calls=3))


def panel(*results: JudgeResult) -> Any:
    return ask_panel([f"judge/{n}" for n in range(len(results))], lambda question: results[question])


def test_one_judge_once_is_what_it_says_and_no_panel() -> None:
    for labels in ([], ["a/b"]):
        found = ask_panel(labels, lambda question: judged(4, 3))
        assert (found.scores, found.verdict, found.unscored) == ({"Fit": 4, "Proof": 3}, "graded (4, 3)", None)
        assert found.judging == Judging(1, usage=Counters("(judge)", calls=1))
    assert ask_panel([], lambda question: unread()).unscored == "unparsable verdict: it is prose"


def test_three_judgements_give_the_middle_one_and_it_stays_a_whole_number() -> None:
    found = panel(judged(1, 5), judged(4, 2), judged(5, 3))
    assert json.dumps(found.scores) == '{"Fit": 4, "Proof": 3}'


def test_two_judgements_give_what_lies_between_which_may_be_a_half() -> None:
    assert json.dumps(panel(judged(4, 2), judged(3, 4)).scores) == '{"Fit": 3.5, "Proof": 3}'
    assert medians([{"a": 1}, {"a": 2}, {"a": 4}, {"a": 5}]) == {"a": 3}


def test_the_text_is_that_of_the_judgement_nearest_to_the_medians() -> None:
    assert panel(judged(1, 1), judged(5, 5), judged(4, 4)).verdict == "graded (4, 4)"
    assert panel(judged(2, 2), judged(4, 4)).verdict == "graded (2, 2)", "of two equally near the first"


def test_what_cannot_be_read_is_left_out_of_the_median_and_named_beside_it() -> None:
    found = panel(judged(2, 2), unread(), judged(5, 5), judged(4, 3))
    assert found.scores == {"Fit": 4, "Proof": 3}
    assert [one.scores is None for one in found.judging.panel] == [False, True, False, False]
    why = "unparsable verdict: it is prose"
    assert found.judging.panel[1] == Judgement("judge/1", 0, None, why, None)
    assert found.judging.asks == 6 and found.judging.usage.calls == 6


def test_half_of_the_judgements_suffice_and_fewer_leave_a_match_unscored() -> None:
    assert panel(judged(2, 4), unread()).scores == {"Fit": 2, "Proof": 4}
    found = panel(unread("the judge refused"), judged(2, 4), unread())
    assert found.scores is None and found.verdict is None
    assert found.unscored == "only 1 of 3 judgements could be read; the first that could not: the judge refused"
    assert len(found.judging.panel) == 3 and found.judging.panel[1].scores == {"Fit": 2, "Proof": 4}


def test_repetitions_are_counted_for_each_judge() -> None:
    found = ask_panel(["a", "b", "a", "b"], lambda question: judged(question + 1, 1))
    assert [(one.judge, one.repetition, (one.scores or {})["Fit"]) for one in found.judging.panel] == [
        ("a", 0, 1), ("b", 0, 2), ("a", 1, 3), ("b", 1, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "expected"),
    [({"a": 3.5, "b": 4}, "SUCCESS"), ({"a": 3.5, "b": 3}, "PARTIAL"), ({"a": 2.5, "b": 3}, "FAILED")],
)
def test_outcome_rules_take_halves_exactly(scores: dict[str, float], expected: str) -> None:
    rule = OutcomeRule("r", 1, (("SUCCESS", (Condition("mean", Fraction("3.75")),)),
                                ("PARTIAL", (Condition("all", Fraction(3)),))), "FAILED")  # fmt: skip
    assert outcome(rule, scores, Stop("agreed_end")) == expected


# -- what judging again showed --------------------------------------------------------------------------------------


def named(grades: tuple[int, int] | None) -> dict[str, int] | None:
    return None if grades is None else dict(zip(DIMENSIONS, grades, strict=True))


def record(
    key: str, *grades: tuple[int, int] | None, unit: str = "c1", stop: Stop = Stop.AGREED_END, judges: str = "ab"
) -> Record:
    """A record with a panel: two judges in turn, each as often as it takes."""
    made = tuple(
        Judgement(judges[n % len(judges)], n // len(judges), named(g), None, None) for n, g in enumerate(grades)
    )
    read = [one.scores for one in made if one.scores]
    values: dict[str, float | int | None] = {**medians(read)} if read else {}
    score = Score(values, "PARTIAL", unscored=None if read else "unread", judging=Judging(panel=made))
    trial = Trial(key, "crypto", {}, unit, None, "00", {})
    return Record(trial, 0, Transcript(stop=stop), score)


def tally(*records: Record, before: dict[str, Scored | None] | None = None) -> dict[str, Any]:
    found = AgreementTally(DIMENSIONS, OUTCOMES, "old/judge", before or {})
    for one in records:
        found.add(one)
    return found.report()


def test_alpha_and_kappa_of_the_report_are_those_of_the_judgements() -> None:
    grades = [[(1, 2), (2, 2), (1, 3), (2, 1)], [(4, 4), (5, 2), (4, 4), None], [(3, 3), (3, 5), (2, 3), (3, 3)]]
    report = tally(*(record(f"k{n}", *row, unit=f"c{n}") for n, row in enumerate(grades)))
    cells: Cells = {}
    for row in grades:
        add_cells(cells, pairs_of([one[0] for one in row if one]))
    fit = report["agreement"]["dimensions"]["Fit"]
    assert fit["alpha_ordinal"] == round(alpha(cells, ORDINAL) or 0, 4)
    assert fit["alpha_interval"] == round(alpha(cells, INTERVAL) or 0, 4)
    assert fit["alpha_ordinal_95"][0] <= fit["alpha_ordinal"] <= fit["alpha_ordinal_95"][1]
    between: Cells = {}
    for row in grades:
        for one in (row[0], row[2]):
            for other in (row[1], row[3]):
                if one and other:
                    add_cells(between, {(one[0], other[0]): 1})
    pair = next(found for found in report["agreement"]["pairs"] if found["judges"] == ["a", "b"])
    assert pair["dimensions"]["Fit"]["kappa"] == round(quadratic_kappa(between) or 0, 4)
    assert [found["judge"] for found in report["agreement"]["each_judge_with_itself"]] == ["a", "b"]
    assert report["judges"][1] == {"judge": "b", "repetitions": 2, "read": 5, "unread": 1,
                                   "mean_scores": {"Fit": 3.0, "Proof": 2.6}}  # fmt: skip


def test_self_consistency_of_a_judge_does_not_depend_on_which_repetition_came_first() -> None:
    def one_judge(*grades: tuple[int, int]) -> Record:
        return record("k", *grades, judges="a")

    matches = [one_judge((1, 1), (2, 4)), one_judge((4, 2), (4, 4)), one_judge((5, 1), (3, 2))]
    turned = [one_judge((2, 4), (1, 1)), one_judge((4, 4), (4, 2)), one_judge((3, 2), (5, 1))]
    assert tally(*matches)["agreement"]["pairs"] == tally(*turned)["agreement"]["pairs"]
    assert tally(*matches)["agreement"]["pairs"][0]["judges"] == ["a", "a"]


def test_disagreements_are_listed_the_worst_first_and_neighbouring_grades_are_none() -> None:
    report = tally(
        record("near", (3, 3), (4, 4)), record("far", (1, 3), (5, 3)), record("apart", (3, 1), (3, 3)),
        record("alone", (1, 1), None),
    )  # fmt: skip
    found = report["disagreements"]
    assert found["matches"] == 2
    assert [(entry["key"], entry["spread"], entry["grades"]) for entry in found["listed"]] == [
        ("far", 4, {"Fit": [1, 5]}), ("apart", 2, {"Proof": [1, 3]}),
    ]  # fmt: skip
    assert report["agreement"]["dimensions"]["Fit"]["mean_spread"] == round(5 / 3, 3)
    assert report["agreement"]["dimensions"]["Fit"]["matches_2_or_more_apart"] == 1


def test_the_list_of_disagreements_is_bounded_and_keeps_the_first_of_equals() -> None:
    report = tally(*(record(f"k{n}", (1, 1), (3 + (n == 50), 1)) for n in range(60)))
    assert report["disagreements"]["matches"] == 60
    listed = [entry["key"] for entry in report["disagreements"]["listed"]]
    assert listed == ["k50", *(f"k{n}" for n in range(MOST_LISTED - 1))]


def test_moves_are_counted_by_dimension_and_outcome_and_what_was_scored_once_only_beside_them() -> None:
    before = {
        "up": Scored({"Fit": 2, "Proof": 3}, "FAILED"),
        "down": Scored({"Fit": 5, "Proof": 3}, "SUCCESS"),
        "lost": Scored({"Fit": 5, "Proof": 3}, "SUCCESS"),
        "new": None,
    }
    report = tally(
        record("up", (4, 3), (3, 3)), record("down", (4, 3), (3, 3)), record("new", (4, 3), (4, 3)),
        record("lost", None, None), record("gone", (1, 1), stop=Stop.PROVIDER), before=before,
    )  # fmt: skip
    moved = report["moved"]
    assert moved["scored"] == {"both": 2, "only_before": 1, "only_now": 1, "neither": 0}
    assert moved["dimensions"]["Fit"] == {"up": 1, "same": 0, "down": 1, "mean_change": 0.0}
    assert moved["dimensions"]["Proof"] == {"up": 0, "same": 2, "down": 0, "mean_change": 0.0}
    assert {name: moved["outcomes"][name] for name in ("up", "same", "down")} == {"up": 1, "same": 0, "down": 1}
    assert moved["outcomes"]["table"] == [
        {"before": "SUCCESS", "now": "PARTIAL", "matches": 1}, {"before": "FAILED", "now": "PARTIAL", "matches": 1},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "records",
    [[], [record("k", None, None)], [record("k", (3, 3), (3, 3))], [record("k", (3, 3), None)],
     [record("k", (1, 5), (5, 1))]],
    ids=["nothing", "unread", "one grade", "one read", "one match"],
)  # fmt: skip
def test_a_report_of_little_says_why_figures_are_missing_and_never_crashes(records: list[Record]) -> None:
    report = tally(*records)
    text = agreement_text(json.loads(json.dumps(report)), SPEC.words)
    assert "moved from old/judge" in text
    if records and report["agreement"] is not None:
        assert "a dash: " in text


# -- the mock judge that changes its mind ---------------------------------------------------------------------------


def test_the_noisy_judge_repeats_itself_for_the_same_question_and_varies_over_questions() -> None:
    rubric = Rubric("r", "1", DIMENSIONS, {name: ["."] * 5 for name in DIMENSIONS}, "You judge.")
    material = JudgeMaterial("{}", [], Stop.MAX_TURNS, "00112233")
    talk, _ = judge_conversation(rubric, material, Truncation(), None)
    said = [noisy_judge_reply(talk.system, talk.messages, "ab", question) for question in range(40)]
    assert said[0] == noisy_judge_reply(talk.system, talk.messages, "ab", 0)
    grades = [json.loads(text)["scores"]["Fit"] for text in said]
    assert len(set(grades)) >= 3 and all(1 <= grade <= 5 for grade in grades)
    assert 12 <= grades.count(3) <= 36, "three in five stay"


def test_the_noisy_judge_cannot_read_what_the_mock_judge_cannot_read() -> None:
    assert "cannot read" in noisy_judge_reply("no prompt", [Message("user", "hello")], "ab", 0)
