"""Reliability of a run: what counts as a repetition, and whose share is known."""

from __future__ import annotations

from arena.engine.run_reliability import PanelSums, Plays, reliability_json
from arena.families.spec import Words
from arena.stats.moments import Moments
from arena.stats.reliability import NestedSums

WORDS = Words("claim", "claims", "episode", "episodes")


def plays(*grades: tuple[float, ...]) -> Plays:
    """Return units of so many repetitions, a grade each; the label OK counts as success."""
    found = {}
    for unit, given in enumerate(grades):
        moments = Moments(("care",))
        for grade in given:
            moments.add({"care": grade})
        found[f"u{unit}", ()] = (len(given), {"OK": len(given)}, moments)
    return found


def panels(*judged: tuple[str, list[float]]) -> PanelSums:
    """Return the sums over matches of a panel: unit, and the grades of its judgements."""
    sums = NestedSums()
    for unit, given in judged:
        sums.add(unit, given)
    return PanelSums(("care",), matches=len(judged), sums={"care": sums})


def test_units_played_once_have_no_reliability() -> None:
    assert reliability_json(plays((3.0,), (4.0,)), panels(), WORDS) is None


def test_judge_has_a_share_where_every_match_has_a_panel() -> None:
    judged = [("u0", [3.0, 4.0]), ("u0", [4.0, 4.0]), ("u1", [2.0, 3.0]), ("u1", [2.0, 1.0])]
    found = reliability_json(plays((3.5, 4.0), (2.5, 1.5)), panels(*judged), WORDS)
    assert found is not None and found["variance"]["care"]["judge"] is not None


def test_judge_has_no_share_where_one_match_has_no_panel() -> None:
    judged = [("u0", [3.0, 4.0]), ("u0", [4.0, 4.0]), ("u1", [2.0, 3.0])]
    found = reliability_json(plays((3.5, 4.0), (2.5, 1.5)), panels(*judged), WORDS)
    assert found is not None and found["variance"]["care"]["judge"] is None


def test_advice_speaks_the_familys_words() -> None:
    found = reliability_json(plays((3.0, 4.0), (1.0, 1.0)), panels(), WORDS)
    assert found is not None
    said = found["variance"]["care"]["advice"]
    assert "claims" in said and "challenge" not in said
