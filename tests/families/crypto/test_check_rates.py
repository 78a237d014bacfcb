"""The rates of the checks in the summary: over the matches that carry them, with their number."""

from __future__ import annotations

from arena.families.crypto.check_rates import CheckRates
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.results import MatchDetail
from arena.families.verified import VerifiedScores
from arena.records import Entry, Record, Score, Transcript, Trial
from tests.families.crypto.test_checks import DIGEST, VALUES, challenge, say


def record(*entries: Entry, checked: bool = True) -> Record:
    nothing = VerifiedScores("verified-cap", 1, {}, (), None)
    detail = MatchDetail(check_match(list(entries), challenge(), VALUES), nothing) if checked else {}
    return Record(Trial("k", "crypto", {}, "c", None, "00", {}), 0, Transcript(), Score({}, None, detail=detail))


GOOD = record(say(0, "Ann", "a", result=["Dover"]), say(1, "Bob", "b", result=["Dover"]))
BAD = record(say(0, "Ann", f"Just hash it: {DIGEST}, 2950"))


def test_rates_count_the_matches_that_carry_checks() -> None:
    rates = CheckRates()
    for one in (GOOD, BAD, record(checked=False)):
        rates.add(one)
    found = rates.to_json()
    assert found["n"] == 2
    assert found["passed"]["leaks"] == {"n": 2, "ok": 1, "rate": 0.5}
    assert found["passed"]["tools"] == {"n": 2, "ok": 2, "rate": 1.0}
    assert found["results"] == {"none": 1, "right": 1}
    assert found["artefacts"] == {"n": 1, "real": 0, "share": 0.0}
    assert found["leaks"] == {"plain": 1}
    assert found["secrets"] == {"n": 14, "given_away": 1}


def test_without_matches_there_is_no_rate() -> None:
    assert CheckRates().to_json()["passed"] == {} and CheckRates().to_json()["artefacts"]["share"] is None


def test_a_row_of_the_table_has_a_cell_per_column() -> None:
    assert CheckRates().cells(GOOD) == ["right", 0, 0, 0, 0, 0]
    assert CheckRates().cells(BAD) == ["none", 1, 1, 1, 0, 0]
    assert CheckRates().cells(record(checked=False)) == [None] * len(CheckRates.columns)
