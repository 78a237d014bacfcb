"""Questions with yes or no: how the judge is asked, what counts as an answer, what several judgements come to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from arena.analysis.rejudge.items import ItemAgreement, items_text
from arena.families.crypto.rubric import RUBRIC
from arena.judging.items import Item, majority
from arena.judging.judge import (
    JudgeMaterial,
    JudgeResult,
    Truncation,
    VerdictError,
    ask_judge,
    judge_conversation,
    judge_nonce,
    parse_verdict,
)
from arena.judging.panel import ask_panel
from arena.judging.verdict import verdict_format
from arena.records import EVERYBODY, Entry, ItemAnswer, Judgement, Stop
from tests.support.match_table import SEED, JudgeScript

GRADES = dict.fromkeys(RUBRIC.dimensions, 3)
ITEMS = (Item("sealed", "Does Ada seal her offer?"), Item("told", 'Does Ben say "forty"?'))
ANSWERS: list[dict[str, Any]] = [
    {"id": "told", "answer": "no", "turn": None},
    {"id": "sealed", "answer": "yes", "turn": 2},
]
TURNS = (0, 1, 2)
MATERIAL = JudgeMaterial('{"id": "c"}', [Entry(2, "Ada", EVERYBODY, "say", 0, "Here.")], Stop.MAX_TURNS,
                         judge_nonce(SEED), ITEMS)  # fmt: skip


def verdict(items: Any = ANSWERS, **more: Any) -> str:
    return json.dumps({"scores": GRADES, "items": items, "verdict": "v", **more})


def changed(**members: Any) -> list[dict[str, Any]]:
    return [ANSWERS[0], {**ANSWERS[1], **members}]


# --- the question


def test_the_judge_reads_ids_and_questions_and_not_what_is_good() -> None:
    conversation, _ = judge_conversation(RUBRIC, MATERIAL, Truncation(), None)
    text = conversation.messages[0].text
    block = text.split(f"<<<{MATERIAL.nonce} questions\n")[1].split(f"\n{MATERIAL.nonce}>>>")[0]
    assert json.loads(block) == {"sealed": "Does Ada seal her offer?", "told": 'Does Ben say "forty"?'}
    assert '"items": [{"id": "...", "answer": "yes", "turn": t}]' in conversation.system


def test_without_questions_the_prompt_and_the_form_speak_of_none() -> None:
    bare = replace(MATERIAL, items=())
    conversation, _ = judge_conversation(RUBRIC, bare, Truncation(), None)
    assert "questions" not in conversation.messages[0].text
    assert "items" not in conversation.system and "question" not in conversation.system
    assert (verdict_format(False), verdict_format(True)) == (1, 2)
    assert list(RUBRIC.schema()["properties"]) == ["scores", "verdict"]


def test_matches_of_a_run_have_the_rubric_as_common_beginning() -> None:
    other = replace(MATERIAL, nonce=judge_nonce("another"))
    one, two = (judge_conversation(RUBRIC, found, Truncation(), None)[0].system for found in (MATERIAL, other))
    same = next(place for place, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)
    assert RUBRIC.text in one[:same] and same > 0.8 * len(one)


def test_the_schema_names_the_questions_and_both_answers() -> None:
    items = RUBRIC.schema(ITEMS)["properties"]["items"]["items"]
    assert items["properties"]["id"]["enum"] == ["sealed", "told"]
    assert items["properties"]["answer"]["enum"] == ["yes", "no"]
    assert items["required"] == ["id", "answer", "turn"] and items["additionalProperties"] is False


# --- the answer


def test_answers_are_read_in_any_order_and_kept_in_that_of_the_questions() -> None:
    found = parse_verdict(RUBRIC, verdict(), ITEMS, TURNS)
    assert found.items == (ItemAnswer("sealed", "yes", 2), ItemAnswer("told", "no", None))
    assert found.scores == GRADES


REFUSED = {
    "no items": (json.dumps({"scores": GRADES, "verdict": "v"}), "'items' is missing"),
    "an object": (verdict({"sealed": "yes", "told": "no"}), "must be a list"),
    "a text in the list": (verdict(["sealed", "told"]), "exactly the keys"),
    "no turn": (verdict([ANSWERS[0], {"id": "sealed", "answer": "yes"}]), "exactly the keys"),
    "a further key": (verdict(changed(why="seen")), "exactly the keys"),
    "one missing": (verdict(ANSWERS[:1]), "'sealed' is missing"),
    "one unknown": (verdict([*ANSWERS, {"id": "sung", "answer": "no", "turn": None}]), "'sung' is the id of no"),
    "one twice": (verdict([*ANSWERS, ANSWERS[0]]), "^the question 'told' is answered twice$"),
    "true": (verdict(changed(answer=True)), '"yes" or "no"'),
    "a capital": (verdict(changed(answer="Yes")), '"yes" or "no"'),
    "perhaps": (verdict(changed(answer="partly")), '"yes" or "no"'),
    "a list as answer": (verdict(changed(answer=["yes"])), '"yes" or "no"'),
    "a turn that is not there": (verdict(changed(turn=3)), "one of the match"),
    "a turn before the first": (verdict(changed(turn=-1)), "one of the match"),
    "a turn in words": (verdict(changed(turn="2")), "one of the match"),
    "a turn with fraction": (verdict(changed(turn=2.0)), "one of the match"),
    "a turn that is true": (verdict(changed(turn=True)), "one of the match"),
    "an id that is not text": (verdict(changed(id=7)), "'7' is the id of no"),
    "a key beside": (verdict(overall=5), "'overall'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_answers_of_another_form_are_malformed(case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(VerdictError, match=said):
        parse_verdict(RUBRIC, text, ITEMS, TURNS)


def test_answers_where_nothing_was_asked_are_malformed() -> None:
    with pytest.raises(VerdictError, match="'items' does not belong"):
        parse_verdict(RUBRIC, verdict())


def test_a_missing_answer_is_asked_for_again() -> None:
    services = JudgeScript(verdict(ANSWERS[:1]), verdict())
    result = ask_judge(RUBRIC, MATERIAL, Truncation(), services, None, 10)
    assert result.asks == 2 and [one.answer for one in result.items] == ["yes", "no"]
    assert "the answer to 'sealed' is missing" in services.asked[1][2][-1]


# --- several judgements


def answers(*given: tuple[str, int | None]) -> tuple[ItemAnswer, ...]:
    return tuple(ItemAnswer(item.id, word, turn) for item, (word, turn) in zip(ITEMS, given, strict=True))  # type: ignore[arg-type]


def test_the_answer_of_most_counts_with_the_turn_that_most_of_them_name() -> None:
    found = majority([answers(("yes", 2), ("no", None)), answers(("yes", 1), ("no", 1)), answers(("no", 0), ("no", 1)),
                      answers(("yes", 1), ("yes", 0))])  # fmt: skip
    assert found == answers(("yes", 1), ("no", 1))


def test_as_many_yes_as_no_is_split_without_a_turn() -> None:
    assert majority([answers(("yes", 2), ("no", 0)), answers(("no", 2), ("no", None))])[0] == ItemAnswer(
        "sealed", "split", None
    )


def test_of_turns_named_as_often_the_earliest_counts() -> None:
    assert majority([answers(("yes", 2), ("no", None)), answers(("yes", 1), ("no", 0))]) == answers(
        ("yes", 1), ("no", 0)
    )


def test_a_panel_keeps_each_judgement_and_what_most_say() -> None:
    given = [answers(("yes", 1), ("no", None)), answers(("yes", 1), ("yes", 0)), answers(("no", None), ("no", None))]
    results = [JudgeResult(GRADES, "v", asks=1, items=one) for one in given]
    results.append(JudgeResult(unscored="the judge refused", asks=3))
    judging = ask_panel(["a/b"] * 4, lambda question: results[question]).judging
    assert judging.items == answers(("yes", 1), ("no", None))
    assert [one.items for one in judging.panel] == [*given, ()]


def panel(*words: str) -> list[Judgement]:
    return [Judgement("a/b", n, GRADES, None, "v", (ItemAnswer("sealed", word, None),))  # type: ignore[arg-type]
            for n, word in enumerate(words)]  # fmt: skip


def test_agreement_in_answers_is_counted_by_question() -> None:
    counted = ItemAgreement()
    counted.add("hut", panel("yes", "yes", "no"))
    counted.add("hut", panel("no", "no", "no"))
    counted.add("inn", panel("yes", "yes", "yes"))
    counted.add("inn", panel("yes"))
    found = counted.report()
    assert found is not None
    assert (found["questions"], found["answers"]) == (2, 9)
    assert found["exact"] == pytest.approx(7 / 9, abs=1e-4)
    assert found["listed"] == [{"challenge": "hut", "item": "sealed", "exact": 0.6667}]
    assert 0 < found["alpha"] < 1
    assert "hut: sealed, 67% equal" in items_text(found, 5)


def test_without_two_judgements_there_is_no_agreement_to_report() -> None:
    counted = ItemAgreement()
    counted.add("hut", panel("yes"))
    counted.add("hut", [Judgement("a/b", n, GRADES, None, "v") for n in range(3)])
    assert counted.report() is None
