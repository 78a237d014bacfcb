"""The predecessor's claims on made episodes: holds, fails, cannot tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arena.families.cheaptalk.metrics.episodes import Episode, Shown
from arena.families.cheaptalk.metrics.gains import GainTable, gain_table
from arena.families.cheaptalk.metrics.pairs import Drawer
from arena.families.cheaptalk.metrics.published_claims import (
    Interval,
    above,
    below,
    on_accuracy,
    on_compliance,
    on_gains,
    on_order,
)
from tests.families.cheaptalk.made_episodes import P1, P2, R, S, labelled, table


def made(gain: float, tasks: int = 300) -> GainTable:
    found = gain_table(P1, list(table(tasks, {"lie": gain}, seed=1)), Drawer(1, 300))
    assert found is not None
    return found


def decided(name: str, right: int, total: int) -> list[Episode]:
    return [labelled(S, S if n < right else R, f"t{n}", deviation=name) for n in range(total)]


@pytest.mark.parametrize(
    ("interval", "low", "high"),
    [((0.1, 0.2), "holds", "fails"), ((0.4, 0.6), "fails", "holds"), ((0.2, 0.4), "cannot tell", "cannot tell")]
    + [(None, "cannot tell", "cannot tell")],
)
def test_whole_interval_must_lie_on_one_side(interval: Interval | None, low: str, high: str) -> None:
    assert below("x", 0.3, interval, 0.3).verdict == low
    assert above("x", 0.3, interval, 0.3).verdict == high


def test_gains_give_one_verdict_each() -> None:
    claims = {verdict.claim: verdict.verdict for verdict in on_gains(made(-0.6))}
    assert claims == {
        "p1: DG(lie) < 0": "holds",
        # A loss of 0.6 on average, and yet a third of the pairs gain.
        "p1: % DG > 0 of lie < 25 %": "fails",
        "p1: IRI < 0.1": "holds",
    }
    assert [verdict.verdict for verdict in on_gains(made(0.6))] == ["fails", "fails", "fails"]
    assert on_gains(made(0.0, 40))[0].verdict == "cannot tell"


@pytest.mark.parametrize(
    ("given", "total", "verdict"), [(300, 300, "holds"), (200, 300, "fails"), (19, 20, "cannot tell")]
)
def test_compliance_of_honest_senders(given: int, total: int, verdict: str) -> None:
    episodes = [replace(e, shown=Shown(n < given)) for n, e in enumerate(decided("honest", total, total))]
    lies = [replace(e, shown=Shown(False)) for e in decided("lie", 1, 99)]
    assert on_compliance("p1", [*episodes, *lies]).verdict == verdict
    assert on_compliance("p1", lies).figure is None


@pytest.mark.parametrize(("right", "verdict"), [(400, "holds"), (300, "fails"), (390, "cannot tell")])
def test_accuracy_against_the_best_baseline(right: int, verdict: str) -> None:
    honest = decided("honest", right, 500)
    baselines = {"weak": decided("weak", 100, 500), "best": decided("best", 410, 500)}
    found = on_accuracy("p1", honest, baselines)
    assert found.verdict == verdict and "(best)" in found.claim
    assert found.figure == pytest.approx((right - 410) / 500)
    assert on_accuracy("p1", honest, {}).verdict == "cannot tell"


def test_order_is_named_from_strict_to_loose() -> None:
    one = made(0.2)
    found = on_order([one, replace(one, cell=P2)])
    assert (found.claim, found.verdict, found.figure) == ("IRI(p2) <= IRI(p1)", "holds", 0.0)
