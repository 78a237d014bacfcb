"""Findings of a run: cells, order, costs, claims, fact groups, JSON, the end of a run, thresholds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.check.thresholds import judge, load_rules
from arena.families.cheaptalk.episode_of_record import episode_of
from arena.families.cheaptalk.findings.as_json import figure, findings_json, rates_json, rounded
from arena.families.cheaptalk.findings.cell import BASELINE, NO_SETTING
from arena.families.cheaptalk.findings.facts import EpisodeRates, Incentives
from arena.families.cheaptalk.findings.lines import talk_lines
from arena.families.cheaptalk.findings.run import Rules, Statistician
from arena.families.cheaptalk.metrics.episodes import HONEST, NO_MESSAGE, Cell, Episode, Shown
from arena.families.cheaptalk.metrics.rates import rates
from arena.families.cheaptalk.metrics.sensitivity import SensitivityPoint
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.records import Record
from tests.families.cheaptalk.made_episodes import P2, P3, R, S, episode, labelled, payoffs, table
from tests.families.cheaptalk.made_runs import PROTOCOLS, SIX, milestone2, stopped

ROOT = Path(__file__).resolve().parents[3]
GAINS = {"lie": -0.5, "withhold": -0.4}
RULES = Rules(1, ("p1", "p2", "p3"), ("lie", "withhold"), resamples=200)


def findings(episodes: Iterable[Episode], rules: Rules = RULES) -> Any:
    return Statistician(rules).findings(episodes)


def ladder(tasks: int = 60) -> list[Episode]:
    """Three protocols; under the third one tasks belong to series."""
    third = table(tasks, GAINS, 1, P3, series=6)
    return [*table(tasks, GAINS, 1), *table(tasks, GAINS, 1, P2), *third]


def baseline(name: str, right: int, total: int) -> list[Episode]:
    cell = Cell(name, "mock/receiver", "mock/receiver")
    return [
        replace(
            labelled(S, S if place < right else R, f"t{place:04}"), cell=cell, deviation=BASELINE, shown=Shown(False)
        )
        for place in range(total)
    ]


def test_order_of_the_episodes_changes_nothing() -> None:
    episodes = ladder()
    shuffled = list(episodes)
    random.Random(3).shuffle(shuffled)
    assert findings_json(findings(shuffled)) == findings_json(findings(episodes))


def test_cells_stand_in_the_order_of_the_protocols() -> None:
    found = findings(reversed(ladder(12)))
    assert list(found.cells) == ["p1", "p2", "p3"]
    assert list(found.cells["p1"].rates) == [HONEST, "lie", "withhold"]


def test_cell_of_equal_episodes_is_computed_once() -> None:
    statistician, episodes = Statistician(RULES), ladder(12)
    whole = statistician.findings(episodes)
    part = statistician.findings([one for one in episodes if one.cell.protocol == "p1"])
    copied = statistician.findings(list(table(12, GAINS, 1)))
    assert part.cells["p1"] is whole.cells["p1"] is copied.cells["p1"]


def test_cells_of_several_pairings_are_told_apart() -> None:
    other = Cell("p1", "mock/other", "mock/receiver")
    found = findings([*table(8, GAINS, 1), *table(8, GAINS, 2, other)])
    assert list(found.cells) == ["p1, mock/other to mock/receiver", "p1, mock/sender to mock/receiver"]


def test_series_are_resampled_under_the_third_protocol_only() -> None:
    found = findings(ladder())
    assert [one.gains.units for one in found.cells.values()] == [60, 60, 6]


def test_order_test_needs_two_protocols_whose_strictness_is_known() -> None:
    steps = [(step.looser, step.stricter) for test in findings(ladder()).order.values() for step in test.steps]
    assert steps == [("p1", "p2"), ("p2", "p3")]
    assert findings(table(20, GAINS, 1)).order == {}
    assert findings(ladder(), replace(RULES, protocols=("p1",))).order == {}


def test_cost_of_a_protocol_is_what_honest_senders_lose() -> None:
    loose = payoffs(HONEST, [1.0, 0.8, 0.9])
    strict = [replace(one, cell=P2) for one in payoffs(HONEST, [0.7, 0.6, 0.5])]
    assert findings([*loose, *strict]).costs["p2"].cost == pytest.approx(0.3)


def test_baselines_are_compared_and_have_no_gain() -> None:
    found = findings([*table(40, GAINS, 1), *baseline("self_refine_r2", 40, 40)])
    assert list(found.cells) == ["p1"] and list(found.baselines) == ["self_refine_r2"]
    claim = next(one for one in found.claims if "best baseline" in one.claim)
    assert "(self_refine_r2)" in claim.claim and claim.verdict == "fails"


def test_messages_are_compared_with_those_who_had_none() -> None:
    told = [labelled(S, S, f"t{place}") for place in range(20)]
    alone = [labelled(S, S if place < 5 else R, f"t{place}", deviation=NO_MESSAGE) for place in range(20)]
    elsewhere = [replace(one, cell=P2) for one in told]
    found = findings([*told, *alone, *elsewhere])
    assert found.cells["p1"].messages[HONEST].lift.lift == pytest.approx(0.75)
    assert found.cells["p2"].messages[HONEST].lift.lift == pytest.approx(0.75)
    assert NO_MESSAGE not in found.cells["p1"].messages and findings(told).cells["p1"].messages[HONEST].lift is None


def test_sensitivity_needs_constants_that_give_the_stored_payoffs() -> None:
    episodes = [*payoffs(HONEST, [1.0, 0.5]), *payoffs("lie", [0.2, 0.1])]
    own = SensitivityPoint(0.01, 0.5, ReputationConfig())
    assert len(findings(episodes, replace(RULES, setting=own)).cells["p1"].sensitivity) == 16
    assert findings(episodes).cells["p1"].no_sensitivity == NO_SETTING
    odd = [replace(one, outlay=replace(one.outlay, payoff=one.outlay.payoff + 0.25)) for one in episodes]
    assert "by up to 0.25" in findings(odd, replace(RULES, setting=own)).cells["p1"].no_sensitivity


def test_behaved_gain_leaves_refusals_out() -> None:
    lies = [episode(f"t{place}", "lie", 0.5, behaved=place < 3) for place in range(5)]
    cell = findings_json(findings([*payoffs(HONEST, [0.0] * 5), *lies]))["cells"]["p1"]
    assert (cell["gain"]["lie"]["n"], cell["behaved_gain"]["lie"]["n"]) == (5, 3)
    assert cell["refused"]["lie"]["value"] == pytest.approx(0.4)


def test_json_holds_no_number_that_json_has_not() -> None:
    found = findings_json(findings([*payoffs(HONEST, [0.0, 0.0]), *payoffs("lie", [-1.0, -1.0])]), ("p1", "p2"))
    json.dumps(found, allow_nan=False)
    assert found["cells"]["p2"] is None and found["cells"]["p1"]["break_even"]["value"] is None
    assert rounded(float("inf")) is None and rounded(-0.0) == 0.0 and str(rounded(-1e-9)) == "0.0"
    assert figure(0.1234567, (0.0, 1.0), 3) == {"value": 0.123457, "low": 0.0, "high": 1.0, "n": 3}


def group_of(records: Iterable[Record]) -> tuple[EpisodeRates, Incentives]:
    statistician = Statistician(Rules(42, PROTOCOLS, SIX, resamples=50))
    found = EpisodeRates(episode_of), Incentives(episode_of, statistician)
    for record in records:
        for group in found:
            group.add(record)
    return found


def test_fact_groups_add_up_to_those_of_all_records() -> None:
    records = list(milestone2(6))
    whole, one, other = group_of(records), group_of(records[:18]), group_of(records[18:])
    for mine, more, both in zip(one, other, whole, strict=True):
        mine.merge(more)  # type: ignore[arg-type]  # groups of one kind
        assert mine.to_json() == both.to_json()
    assert whole[0].to_json()["episodes"] == 36


def test_group_without_scored_episodes_has_nothing_to_say() -> None:
    empty = group_of(map(stopped, milestone2(2)))
    assert [group.to_json() for group in empty] == [None, None]
    assert empty[0].cells(stopped(next(milestone2(1)))) == [None] * len(EpisodeRates.columns)


def test_single_claim_has_rates_and_no_gains() -> None:
    found = group_of(milestone2(1))
    assert found[0].to_json()["episodes"] == 6 and found[1].to_json() is None


def test_single_condition_has_rates_and_no_gains() -> None:
    found = group_of(record for record in milestone2(4) if record.score.detail.condition.deviation == "lie")
    assert found[0].to_json()["episodes"] == 4 and found[1].to_json() is None


def test_row_of_a_record_has_a_cell_per_column() -> None:
    found = group_of([])[0]
    assert len(found.cells(next(milestone2(1)))) == len(found.columns)


def summary_of(episodes: list[Episode], rules: Rules = RULES) -> dict[str, Any]:
    found = findings_json(findings(episodes, rules), rules.protocols)
    return {"family": "cheaptalk", "n_matches": len(episodes), "by": {}, "rates": rates_json(rates(episodes)),
            "incentives": found}  # fmt: skip


def test_tables_of_lines_fit_80_columns_and_name_what_is_in_no_pair() -> None:
    episodes = ladder()
    lost = [one for one in episodes if one.deviation != "honest"][0]
    text = "\n".join(talk_lines(summary_of([one for one in episodes if one is not lost])))
    assert f"{lost.cell.protocol}: episodes left out of the pairs: {lost.deviation} 1" in text
    tables = [line for line in text.splitlines() if line.startswith("---") or "p (Holm)" in line]
    assert tables and max(map(len, tables)) <= 80


def test_lines_name_every_gain_and_verdict() -> None:
    text = "\n".join(talk_lines(summary_of([*ladder(), *baseline("self_refine_r2", 20, 60)])))
    for part in (
        *("DG", "% DG>0", "p (Holm)", "pairs", "behaved", "all episodes: accuracy", "NEI", "unparsable"),
        *("p1: IRI", "worst deviation", "no listed deviation gains more than epsilon", "cannot tell below"),
        *(
            "a deviation pays from a bonus of",
            "fixed behaviour",
            "honest senders punished",
            "cost of the protocol to them",
        ),
        *("refused to deviate: nobody", "baseline self_refine_r2", "order of protocols:", "claims of the predecessor:"),
        *("p1: messages", "bits", "lift", "overridden", "bits of the truth in them"),
    ):
        assert part in text, part


def test_deviation_that_gains_pays_without_any_bonus() -> None:
    text = "\n".join(talk_lines(summary_of([*payoffs(HONEST, [0.0, 0.1, 0.0]), *payoffs("lie", [0.5, 0.6, 0.4])])))
    assert "p1: lie pays without any bonus (fixed behaviour, 3 units)" in text


def test_run_without_scored_episodes_has_no_lines() -> None:
    assert talk_lines({"rates": None, "incentives": None}) == []
    assert "two claims or more" in talk_lines({"rates": rates_json(rates([episode("t")])), "incentives": None})[1]


THRESHOLDS = ROOT / "config/cheaptalk/thresholds.yaml"
PLAYED = Rules(1, PROTOCOLS, SIX, resamples=200)


def named(episodes: Iterable[Episode], protocol: str) -> list[Episode]:
    return [replace(one, cell=one.cell._replace(protocol=protocol)) for one in episodes]


def levels(episodes: list[Episode]) -> dict[str, str]:
    verdict = judge(load_rules(THRESHOLDS), summary_of(episodes, PLAYED))
    return {finding.rule.metric.shown: finding.level for finding in verdict.findings}


def test_good_run_keeps_every_band() -> None:
    honest = [payoffs(HONEST, [0.9 + 0.001 * (place % 7) for place in range(60)])]
    lies = [payoffs(name, [0.1 + 0.001 * (place % 5) for place in range(60)]) for name in ("lie", "withhold")]
    one = [episode for group in (*honest, *lies) for episode in group]
    every = [e for protocol in PROTOCOLS for e in named(one, protocol)]
    assert set(levels([*every, *baseline("self_refine_r2", 50, 60)]).values()) == {"OK"}


def test_bad_run_breaks_the_bands() -> None:
    lies = {name: list(table(60, {name: 0.8}, seed=1)) for name in ("lie", "withhold")}
    one = [*lies["lie"], *(e for e in lies["withhold"] if e.deviation == "withhold")]
    one = [replace(e, shown=Shown(False)) for e in one]
    found = levels([*named(one, PROTOCOLS[0]), *baseline("self_refine_r2", 60, 60)])
    assert found["max(incentives.cells.*.gain.*)"] == "WARN"
    assert found["share(incentives.cells.*.gain.* < 0)"] == found["max(incentives.cells.*.iri)"] == "FAIL"
    assert set(found.values()) == {"WARN", "FAIL", "OK"} and found["rates.unparsable_rate"] == "OK"


def test_part_that_was_not_played_is_never_ok() -> None:
    found = levels(named(payoffs(HONEST, [1.0, 0.5]) + payoffs("lie", [0.0, 0.1]), PROTOCOLS[0]))
    missing = [name for name in found if "p3_slashing" in name or "baselines" in name]
    assert len(missing) == 2 and {found[name] for name in missing} == {"WARN"}


def test_epsilon_can_be_demanded(tmp_path: Path) -> None:
    rule = "thresholds_format: 1\nrules:\n  - metric: max(incentives.cells.*.certificate)\n    op: '<='\n    fail: {}\n"
    summary = summary_of([*table(80, {"lie": -0.5}, 1)])
    epsilon = summary["incentives"]["cells"]["p1"]["certificate"]["value"]
    for bound, level in ((epsilon + 0.01, "OK"), (epsilon - 0.01, "FAIL")):
        path = tmp_path / "t.yaml"
        path.write_text(rule.format(bound))
        assert judge(load_rules(path), summary).overall == level
