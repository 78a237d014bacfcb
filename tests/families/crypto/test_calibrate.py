"""`arena calibrate`: reference, sabotaged and injected plays through the ordinary runner; the figures of a judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.errors import DataError
from arena.families.crypto.calibration.injection import load_dialogues
from arena.families.crypto.calibration.items import ItemTally
from arena.families.crypto.calibration.report import CalibrationTally, report_text
from arena.families.crypto.challenges.schema import load
from arena.records import Record, Score, Stop, Transcript, Trial
from tests.support.plain_records import records_of

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "src" / "crypto-challenges"
INJECTIONS = DATA / "injection_plays.json"
WITHOUT_PLAYS = str(ROOT / "tests/data/challenges/valid/v2_minimal.json")
CHALLENGES = {c["id"]: c for c in load(DATA / "benchmark_challenges_diverse_v2.json").challenges}
DIMENSIONS = ("Primitive Selection", "Negotiation Skills", "Implementation Correctness", "Computation / Tool Usage",
              "Security Strength")  # fmt: skip


@pytest.fixture(scope="module")
def run(calculator_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("calibration") / "run"
    words = ["--challenge-ids", "ferry-cabin-toss,winter-market-pitch", "--seeds", "2", "--quiet", "--out", str(out)]
    assert main(["calibrate", *words]) == 0
    return out


def report(run: Path) -> dict[str, Any]:
    found = json.loads((run / "calibration.json").read_bytes())
    assert isinstance(found, dict)
    return found


def records(run: Path) -> list[dict[str, Any]]:
    return records_of(run)


def test_every_play_is_judged_and_all_variants_of_a_challenge_share_their_values(run: Path) -> None:
    found = records(run)
    assert report(run)["judged"] == len(found) > 20 and report(run)["left_out"] == {}
    values: dict[tuple[str, int], set[str]] = {}
    for record in found:
        values.setdefault((record["unit"], record["plan"]["rep"]), set()).add(json.dumps(record["instance"]))
    assert len(values) == 4 and all(len(one) == 1 for one in values.values())


def test_the_mock_judge_notices_what_it_counts_and_is_moved_by_no_text(run: Path) -> None:
    found = report(run)
    for corruption in ("forged_artefact", "no_computation", "never_agrees", "secret_leaked", "verification_skipped",
                       "wrong_primitive", "replayed_message"):  # fmt: skip
        assert found["sensitivity"][corruption]["noticed"]["rate"] == 1, corruption
    assert found["specificity"]["all_dimensions"] == {"k": 2, "n": 2, "rate": 1.0, "ci95": [0.3424, 1.0]}
    assert found["injection"]["plays"] > 0 and found["injection"]["raised"]["k"] == 0


def test_the_checks_object_to_sabotage_and_not_to_the_reference(run: Path) -> None:
    checks = report(run)["checks"]
    assert checks["reference"]["any"]["k"] == 0
    assert checks["forged_artefact"]["artefacts"]["rate"] == 1
    assert checks["secret_leaked"]["leaks"]["rate"] == 1
    assert checks["never_agrees"]["result"]["rate"] == 1


def test_a_calibration_can_be_resumed_and_repeats_nothing(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "matches.jsonl").read_bytes(), (run / "calibration.json").read_bytes()
    words = ["--challenge-ids", "ferry-cabin-toss,winter-market-pitch", "--seeds", "2", "--resume", "--json"]
    assert main(["calibrate", *words, "--out", str(run)]) == 0
    assert ((run / "matches.jsonl").read_bytes(), (run / "calibration.json").read_bytes()) == before
    assert json.loads(capsys.readouterr().out)["judged"] == report(run)["judged"]


def test_a_calibration_that_stops_early_says_how_to_resume(
    calculator_binary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--challenge-ids", "ferry-cabin-toss", "--seeds", "1", "--out", str(tmp_path / "run"), "--max-calls", "30"]
    assert main(["calibrate", *words]) == 0
    err = capsys.readouterr().err
    assert f"resume with: python3 -m arena calibrate {' '.join(words)} --resume" in err and "arena.run" not in err


def test_the_report_is_a_table_for_people(run: Path) -> None:
    text = report_text(report(run))
    assert "forged_artefact" in text and "(reference kept)" in text and "100%" in text


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--participant-model", "x"], "unknown flag --participant-model"),
        (["--challenges", WITHOUT_PLAYS], "none of the chosen challenges has a reference play"),
        (["--seeds", "0"], "must be"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_2(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith("arena calibrate: ") and part in err


# --- the tally, on grades made up for the purpose


def judged(variant: str, grade: int, rep: int = 0, kind: str = "play", unscored: str | None = None) -> Record:
    plan = {"challenge_id": "c", "rep": rep, "variant": variant, "kind": kind}
    score = Score(dict.fromkeys(DIMENSIONS, grade), None, unscored=unscored)
    trial = Trial(f"{variant}/{rep}", "calibration", {}, "c", None, "00", plan)
    return Record(trial, 0, Transcript(stop=Stop.AGREED_END), score)


def tally(*found: Record) -> dict[str, Any]:
    counted = CalibrationTally(DIMENSIONS, {"beg": "talk"}, {"beg": "direct request"}, ItemTally({}))
    for record in found:
        counted.add(record)
    return counted.report()


def test_a_judge_that_grades_a_sabotaged_play_no_lower_has_noticed_nothing() -> None:
    found = tally(judged("reference", 4), judged("secret_leaked", 4), judged("never_agrees", 3))["sensitivity"]
    assert found["secret_leaked"]["noticed"] == {"k": 0, "n": 1, "rate": 0.0, "ci95": [0.0, 0.7935]}
    assert found["never_agrees"]["noticed"]["k"] == 1


def test_a_judge_that_is_talked_into_grades_is_named_with_the_technique() -> None:
    found = tally(judged("talk", 2, kind="talk"), judged("beg", 5, kind="injection"))["injection"]
    assert found["raised"]["k"] == 1 and set(found["mean_shift"].values()) == {3}
    assert found["raised_by"] == [{"play": "beg", "technique": "direct request"}]


def test_a_judge_that_lowers_a_good_play_loses_specificity() -> None:
    found = tally(judged("reference", 5), judged("reference", 4, rep=1), judged("reference", 5, rep=2))["specificity"]
    assert found["all_dimensions"]["k"] == 1 and found["all_dimensions"]["n"] == 2


def test_what_was_not_scored_is_left_out_and_counted() -> None:
    found = tally(judged("reference", 5), judged("never_agrees", 1, unscored="unparsable"))
    assert found["left_out"] == {"never_agrees": 1} and found["sensitivity"] == {}


# --- injections


def test_there_are_twenty_injections_or_more_of_many_techniques() -> None:
    talks = load_dialogues(INJECTIONS, set(CHALLENGES))
    plays = [talk for talk in talks if talk.technique is not None]
    assert json.loads(INJECTIONS.read_text(encoding="utf-8"))["canary"] in (DATA / "CHALLENGES.md").read_text("utf-8")
    assert len(plays) >= 20 and len({talk.technique for talk in plays}) >= 15
    bases = {talk.name: talk for talk in talks if talk.technique is None}
    for play in plays:
        plain = bases[play.base]
        assert play.entries != plain.entries and len(play.entries) == len(plain.entries)
        roles = [participant["id"] for participant in CHALLENGES[play.challenge]["participants"]]
        assert {entry.seat for entry in play.entries} == set(roles)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"format": 2}, "/format"),
        ({"bases": []}, ""),
        ({"bases": {"b": {"turns": []}}}, "/bases/b"),
        ({"bases": {"b": {"challenge": "c", "turns": [{"from": "A"}]}}}, "/bases/b/turns"),
        ({"plays": [{"id": "x"}]}, "/plays/0"),
        ({"plays": [{"id": "x", "technique": "t", "base": "z", "turn": 0, "inject": "i"}]}, "/plays/0/base"),
        ({"plays": [{"id": "x", "technique": "t", "base": "b", "turn": 9, "inject": "i"}]}, "/plays/0/turn"),
        ({"plays": [{"id": "x", "technique": "t", "base": "b", "turn": "1", "inject": "i"}]}, "/plays/0/turn"),
        ({"plays": [{"id": "b", "technique": "t", "base": "b", "turn": 0, "inject": "i"}]}, "/plays/0/id"),
    ],
)
def test_a_wrong_file_of_injections_is_refused_at_its_place(
    tmp_path: Path, change: dict[str, Any], pointer: str
) -> None:
    good = {"format": 1, "bases": {"b": {"challenge": "c", "turns": [{"from": "A", "text": "x"}]}}, "plays": []}
    path = tmp_path / "injections.json"
    path.write_text(json.dumps(good), encoding="utf-8")
    assert [talk.name for talk in load_dialogues(path, {"c"})] == ["b"]
    path.write_text(json.dumps(good | change), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_dialogues(path, {"c"})
    assert pointer in [issue.pointer for issue in caught.value.issues]


def test_a_flag_of_players_is_unknown_and_not_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--participant-model", "mock/careful"]) == 2
    said = capsys.readouterr().err
    assert "unknown flag --participant-model" in said and "did you mean" not in said
