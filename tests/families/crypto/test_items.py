"""Questions of challenges: the project's own, how answers are counted, shown and kept, and verdicts without any."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.calibration.items import ItemTally, items_csv, items_text
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.items.files import ITEM_RATES_FILE, ITEMS_FILE
from arena.families.crypto.items.rates import ItemRates, items_line
from arena.families.crypto.items.words import answered, in_words, items_of
from arena.families.crypto.judged import JudgeTemplate
from arena.families.crypto.prompts import FORBIDDEN_NAMES
from arena.records import ItemAnswer, Judging, Record, Score, Stop, Transcript, Trial
from tests.support.arena_rig import arena, command

ROOT = Path(__file__).resolve().parents[3]
SET = load(ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json")
ASKING = [challenge for challenge in SET.challenges if items_of(challenge)]
OLD_RUN = ROOT / "tests/data/verdict_1_run"


def item(name: str, good: str = "yes", dimension: str = "Security Strength") -> dict[str, Any]:
    return {"id": name, "asks": f"Is {name} done for {{sum}} euros?", "dimension": dimension, "good": good}


HUT = {"id": "hut", "judge": {"items": [item("sealed"), item("told", "no", "Negotiation Skills")]}}


def record(*answers: tuple[str, str, int | None], unit: str = "hut", rep: int = 0, **plan: Any) -> Record:
    judging = Judging(1, items=tuple(ItemAnswer(*one) for one in answers))  # type: ignore[arg-type]
    trial = Trial(f"crypto/{unit}/{rep}", "crypto", {}, unit, None, "00", {"challenge_id": unit, "rep": rep, **plan})
    transcript = Transcript(stop=Stop.AGREED_END, instance={"sum": 40})
    return Record(trial, 0, transcript, Score({"Security Strength": 4}, None, judging=judging))


# --- the project's own questions


def test_every_challenge_asks_three_to_seven_questions() -> None:
    assert [challenge["id"] for challenge in SET.challenges if challenge not in ASKING] == []
    assert all(3 <= len(items_of(challenge)) <= 7 for challenge in ASKING)


def test_no_question_is_asked_of_two_challenges() -> None:
    asked = Counter(one["asks"] for challenge in ASKING for one in items_of(challenge))
    assert [asks for asks, times in asked.items() if times > 1] == []


def test_both_answers_are_good_somewhere_and_each_dimension_is_asked_about() -> None:
    items = [one for challenge in ASKING for one in items_of(challenge)]
    good = Counter(one["good"] for one in items)
    assert min(good["yes"], good["no"]) > len(items) / 5
    assert min(Counter(one["dimension"] for one in items).values()) >= 30


@pytest.mark.parametrize("challenge", ASKING, ids=lambda challenge: challenge["id"])
def test_questions_are_plain_and_name_no_textbook_word(challenge: dict[str, Any]) -> None:
    for one in items_of(challenge):
        assert re.match(r"(?:Do|Does|Is|Are|Can|Could|If) ", one["asks"]), one["asks"]
        assert not [name for name in FORBIDDEN_NAMES if name.lower() in one["asks"].lower()]


def test_a_judge_reads_questions_apart_and_no_labels() -> None:
    shown = json.loads(JudgeTemplate.of(ASKING[0]).whole)
    assert "items" not in shown["judge"] and "participant_context" in shown
    assert not {"difficulty", "split", "primitive_family", "domain", "obligations"} & set(shown)


# --- one match, and many


def test_an_answer_is_next_to_its_question_with_values_in_place() -> None:
    found = list(answered(record(("told", "yes", 3), ("sealed", "split", None)), HUT))
    assert [(one.id, one.answer, one.good) for one in found] == [("sealed", "split", False), ("told", "yes", False)]
    words = in_words(found[1])
    assert (words.asks, words.answer, words.turns) == ("Is told done for 40 euros?", "yes", (3,))
    assert in_words(found[0]).answer == "the judgements are even"


def test_a_record_without_answers_has_none_to_show() -> None:
    assert list(answered(record(), HUT)) == []
    assert list(answered(record(("sealed", "yes", 1)), {"id": "hut", "judge": {}})) == []


def test_rates_count_what_speaks_for_the_players() -> None:
    rates = ItemRates({"hut": HUT})
    rates.add(record(("sealed", "yes", 1), ("told", "no", None)))
    other = ItemRates({"hut": HUT})
    other.add(record(("sealed", "no", None), ("told", "no", None), rep=1))
    rates.merge(other)
    found = rates.to_json()
    assert found is not None
    assert (found["answers"], found["good"], found["rate"]) == (4, 3, 0.75)
    assert found["by_dimension"]["Security Strength"] == {"answers": 2, "good": 1, "rate": 0.5}
    assert [(row["item"], row["yes"], row["share_yes"]) for row in rates.rows()] == [
        ("sealed", 1, 0.5),
        ("told", 0, 0.0),
    ]
    assert items_line({"items": found}) == "questions to the judge: 3 of 4 answers speak for the players (75.0%)"
    assert rates.cells(record(("sealed", "yes", 1), ("told", "yes", 0))) == [2, 1]


def test_without_answers_there_is_nothing_to_count() -> None:
    rates = ItemRates({"hut": HUT})
    rates.add(record())
    assert rates.to_json() is None and rates.rows() == [] and rates.panels() == []
    assert rates.cells(record()) == [None, None] and items_line({"items": None}) is None


def test_the_report_page_lists_the_questions_answered_worst() -> None:
    rates = ItemRates({"hut": HUT})
    rates.add(record(("sealed", "yes", 1), ("told", "yes", 2)))
    (panel,) = rates.panels()
    assert "told" in str(panel.parts[-1]) and "sealed done" not in str(panel.parts[-1])


# --- calibration


def tally(*plays: tuple[str, str, str]) -> dict[str, Any]:
    counted = ItemTally({"hut": HUT})
    for rep, (variant, sealed, told) in enumerate(plays):
        rep = rep // 2
        counted.add(("hut", rep, variant), record(("sealed", sealed, 1), ("told", told, None), rep=rep))
    found = counted.report()
    assert found is not None
    return found


def test_a_question_is_turned_where_only_the_reference_was_answered_well() -> None:
    found = tally(("reference", "yes", "no"), ("secret_leaked", "no", "no"),
                  ("reference", "yes", "yes"), ("secret_leaked", "yes", "no"))  # fmt: skip
    leaked = found["sensitivity"]["secret_leaked"]
    assert (leaked["aimed_questions"]["k"], leaked["aimed_questions"]["n"]) == (1, 2)
    assert (leaked["other_questions"]["k"], leaked["other_questions"]["n"]) == (0, 1)
    assert (leaked["noticed"]["k"], leaked["noticed"]["n"]) == (1, 2)
    assert (found["specificity"]["all"]["k"], found["specificity"]["all"]["n"]) == (3, 4)
    by_item = {row["item"]: row for row in found["by_item"]}
    assert by_item["sealed"]["sensitivity"] == {"secret_leaked": {"k": 1, "n": 2}}
    assert by_item["told"]["specificity"] == {"k": 1, "n": 2}


def test_a_question_answered_against_every_reference_is_listed() -> None:
    text = "\n".join(items_text(tally(("reference", "no", "no"), ("secret_leaked", "no", "no"))))
    assert "always answered against the players of the reference: 1 questions" in text
    assert "hut: sealed (1)" in text and "too few for a rate" in text


def test_the_table_of_a_calibration_has_a_row_for_each_question() -> None:
    found = tally(("reference", "yes", "no"), ("secret_leaked", "no", "no"), ("reference", "no", "no"))
    rows = list(csv.DictReader(items_csv(found).decode().splitlines()))
    assert [(row["item"], row["kept"], row["references"], row["secret_leaked"]) for row in rows] == [
        ("sealed", "1", "2", "1 of 1"),
        ("told", "2", "2", "0 of 1"),
    ]


def test_a_calibration_without_questions_says_nothing_of_them() -> None:
    counted = ItemTally({"hut": HUT})
    counted.add(("hut", 0, "reference"), record())
    assert counted.report() is None


# --- whole runs


def test_a_run_keeps_answers_as_tables_and_shows_them(tmp_path: Path, calculator_binary: Path) -> None:
    out = tmp_path / "run"
    assert arena("--quiet", "--challenge-ids", "the-hall-clock", "--out", str(out)).code == 0
    rows = list(csv.DictReader((out / ITEMS_FILE).open(encoding="utf-8")))
    asked = [one["id"] for one in items_of({c["id"]: c for c in SET.challenges}["the-hall-clock"])]
    assert [row["item"] for row in rows] == asked
    rates = list(csv.DictReader((out / ITEM_RATES_FILE).open(encoding="utf-8")))
    assert [row["yes"] for row in rates] == [str(int(row["answer"] == "yes")) for row in rows]
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["items"]["answers"] == len(asked)
    shown = " ".join(command("show", out, "the-hall-clock").out.split())
    assert "Is an opened number taken without being recomputed?" in shown
    assert command("report", out).code == 0
    assert "Is an opened number taken" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["show", "RUN", "two-limits"],
        ["report", "RUN"],
        ["compare", "RUN", "RUN2"],
        ["export", "hf-dataset", "RUN", "--out", "OUT"],
        ["export", "leaderboard-result", "RUN", "--out", "OUT"],
        ["rejudge", "RUN", "--judge", "mock/judge", "--judge-repetitions", "2", "--out", "OUT"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_verdicts_of_format_1_are_read(words: list[str], tmp_path: Path) -> None:
    for name in ("RUN", "RUN2"):
        shutil.copytree(OLD_RUN, tmp_path / name)
    places = {name: str(tmp_path / name) for name in ("RUN", "RUN2", "OUT")}
    ended = command(*(places.get(word, word) for word in words))
    assert ended.code == 0, ended.err
