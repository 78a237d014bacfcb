"""Matches in other words: what may change, and what never does."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from arena.engine.finished import open_run
from arena.families.crypto.dataset.surface import GREETINGS, varied, varied_match
from arena.play.tool_protocol import done_text
from tests.support.arena_rig import ROOT, arena, command
from tests.support.plain_records import records_of

REFERENCE = ROOT / "src/crypto-challenges/reference_plays"
IDS = "workshop-approval,studios-conflict-check"


def ways(message: str, first: bool = False, keep: tuple[str, ...] = ()) -> set[str]:
    """Return all that a message becomes over many seeds."""
    return {varied(message, random.Random(seed), first, keep)[0] for seed in range(200)}


def test_a_greeting_becomes_another_one() -> None:
    found = ways("Good evening. Here is my offer.", first=True)
    assert {text.removesuffix(". Here is my offer.") for text in found} == set(GREETINGS)


def test_please_moves_to_the_other_end_of_its_sentence() -> None:
    message = "Please send me the key."
    assert any(text.endswith("Send me the key, please.") for text in ways(message))
    assert any("Please send me the key." in text for text in ways("Send me the key, please."))


def test_small_numbers_are_written_in_words_or_digits() -> None:
    assert {"3 days and 12 lots", "three days and twelve lots"} <= ways("three days and 12 lots", first=True)


@pytest.mark.parametrize(
    "kept",
    [
        "My lots [two of three, 4 left]",
        'He said "two please" to me',
        "part two [ab12]",
        "the code 2f and 3.5 and 1,200",
        "`two` is code",
    ],
)
def test_values_labels_and_quotations_stay(kept: str) -> None:
    assert all(kept in text for text in ways(kept, first=True))


def test_a_drawn_value_is_never_spelled_out() -> None:
    assert all("5 euros" in text for text in ways("It costs 5 euros", keep=("5",)))


def test_a_declared_result_stays_to_the_sign() -> None:
    declared = done_text({"count": "two", "price": 3})
    assert all(text.endswith("\n" + declared) for text in ways(f"Agreed. The two of us are done.\n{declared}"))


def test_equal_seeds_give_equal_words() -> None:
    message = "Good morning. Please wait two days."
    assert varied(message, random.Random(7), True) == varied(message, random.Random(7), True)


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Path:
    folder = tmp_path_factory.mktemp("gold") / "run"
    words = ("--challenge-ids", IDS, "--participant-model", f"scripted/{REFERENCE}", "--judge-model", "mock/judge")
    assert arena(*words, "--seed", "2", "--out", str(folder)).code == 0
    return folder


def test_a_varied_match_has_the_calls_and_values_of_the_play(gold: Path, tmp_path: Path) -> None:
    assert command("dataset", "vary", gold, "--seed", 1, "--out", tmp_path / "varied").code == 0
    before, after = records_of(gold), records_of(tmp_path / "varied/grounded/seed-2")

    def kept(record: dict[str, object]) -> list[object]:
        entries: list[dict[str, object]] = record["transcript"]  # type: ignore[assignment]
        calls = [(one["from"], one["op"], one["args"], one["answer"]) for one in entries if one["kind"] == "call"]
        return [record["instance"], calls, [one.get("done") for one in entries if one["kind"] == "say"]]

    assert [kept(record) for record in after] == [kept(record) for record in before]
    assert [record["transcript"] for record in after] != [record["transcript"] for record in before]
    report = json.loads((tmp_path / "varied/variation.json").read_bytes())
    assert report["fit"] == report["matches"] == 2 and report["evidence_values"]["share_real"] == 1.0


def test_rows_say_what_was_varied_and_the_card_counts_it(gold: Path, tmp_path: Path) -> None:
    assert command("dataset", "vary", gold, "--seed", 1, "--out", tmp_path / "varied").code == 0
    assert command("dataset", "rows", tmp_path / "varied", "--out", tmp_path / "rows.jsonl").code == 0
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_bytes().splitlines()]
    assert len(rows) == 4 and all(row["about"]["variation"] for row in rows)
    assert (
        command("dataset", "finalize", tmp_path / "rows.jsonl", "--val-share", 0, "--out", tmp_path / "final").code == 0
    )
    card = json.loads((tmp_path / "final/card.json").read_bytes())
    kinds = {kind for row in rows for kind in row["about"]["variation"]}
    assert card["variation"] == {kind: sum(kind in row["about"]["variation"] for row in rows) for kind in sorted(kinds)}


def test_another_seed_gives_other_words(gold: Path) -> None:
    record = next(iter(open_run(gold).records))
    one, same, other = (varied_match(record, seed, 2) for seed in (1, 1, 2))
    assert one == same and one.steps != other.steps


def test_a_run_without_fit_matches_is_refused(gold: Path, tmp_path: Path) -> None:
    words = (
        "--challenge-ids",
        "workshop-approval",
        "--participant-model",
        "mock/careless",
        "--judge-model",
        "mock/judge",
    )
    arena(*words, "--out", str(tmp_path / "run"))
    ended = command("dataset", "vary", tmp_path / "run", "--out", tmp_path / "varied")
    assert ended.code == 2 and "no match of these runs is fit" in ended.err


def test_a_run_whose_written_matches_are_gone_is_refused(gold: Path, tmp_path: Path) -> None:
    assert command("dataset", "vary", gold, "--seed", 1, "--out", tmp_path / "varied").code == 0
    (tmp_path / "varied/seed-2.transcripts.jsonl").unlink()
    ended = command("dataset", "validate", tmp_path / "varied")
    assert ended.code == 2 and "the matches written for it are not there any more" in ended.err
