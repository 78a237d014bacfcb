"""The family's sections of the report page: payoffs, gains, messages, reputation curves."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from arena.families.cheaptalk.findings.conduct import Conduct
from arena.families.cheaptalk.findings.curves import Course, ReputationCurves, mean_course
from arena.families.cheaptalk.findings.panels import talk_panels
from arena.families.cheaptalk.findings.run import Rules, Statistician
from arena.families.cheaptalk.metrics.episodes import NO_MESSAGE, Episode
from arena.families.cheaptalk.metrics.sensitivity import SensitivityPoint
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.families.report import Panel, PanelFigure, PanelTable
from arena.formats.svg import render
from tests.families.cheaptalk.made_episodes import P2, R, S, labelled, payoffs, table
from tests.families.cheaptalk.made_runs import PROTOCOLS, milestone2, milestone4

RULES = Rules(1, ("p1", "p2", "p3"), ("lie",), SensitivityPoint(0.01, 0.5, ReputationConfig()), 50)


def curves_of(tasks: int) -> ReputationCurves:
    found = ReputationCurves()
    for record in milestone4(tasks):
        found.add(record)
    return found


def panels_of(
    episodes: list[Episode], courses: ReputationCurves | None = None, conduct: Conduct | None = None
) -> dict[str, Panel]:
    found = Statistician(RULES).findings(episodes)
    return {panel.anchor: panel for panel in talk_panels(found, courses or ReputationCurves(), conduct or Conduct())}


def tables(panel: Panel) -> dict[str, PanelTable]:
    return {part.name: part for part in panel.parts if isinstance(part, PanelTable)}


def text_of(panel: Panel) -> str:
    return "\n".join(part for part in panel.parts if isinstance(part, str))


def two_protocols() -> list[Episode]:
    return [*table(30, {"lie": -0.4, "withhold": 0.1}, 1), *table(30, {"lie": -0.4, "withhold": 0.1}, 1, P2)]


def test_payoffs_stand_by_deviation_and_protocol() -> None:
    found = tables(panels_of([*payoffs("honest", [1.0, 0.5]), *payoffs("lie", [0.0, 0.5])])["payoffs"])
    payoff = found["Payoff by deviation and protocol"]
    assert payoff.heads == ("Deviation", "p1") and list(payoff.rows) == [("honest", "0.750"), ("lie", "0.250")]
    assert "Accuracy by deviation and protocol" in found and len(found["Rates"].rows) == 2


def test_payoffs_are_drawn_condition_by_condition() -> None:
    figure = next(part for part in panels_of(two_protocols())["payoffs"].parts if isinstance(part, PanelFigure))
    picture = str(render(figure.picture))
    assert picture.count("<circle") == 6 and "1: lie" in picture and "2: lie" in picture
    assert "Payoff by deviation and protocol; 1: p1, 2: p2" in picture
    assert figure.caption == "Mean payoff of the sender, with 95 % intervals; 1: p1, 2: p2."


def test_condition_that_a_protocol_lacks_is_a_dash() -> None:
    lies = [replace(one, cell=P2) for one in payoffs("lie", [0.1, 0.2])]
    found = tables(panels_of([*payoffs("honest", [1.0, 0.5]), *lies])["payoffs"])["Payoff by deviation and protocol"]
    assert list(found.rows) == [("honest", "0.750", "-"), ("lie", "-", "0.150")]


def test_gains_have_a_figure_and_a_table_per_protocol() -> None:
    panel = panels_of(two_protocols())["gains"]
    figures = [part for part in panel.parts if isinstance(part, PanelFigure)]
    assert [figure.file for figure in figures] == ["gains_1", "gains_2"]
    assert str(render(figures[0].picture)).count("<circle") == 2
    found = tables(panel)
    rows = found["Deviation gains under p1"].rows
    assert [row[0] for row in rows] == ["lie", "withhold"] and all(re.match(r"\[-?\d", row[2]) for row in rows)
    assert {"Other constants under p1", "Claims"} <= set(found)


def test_gains_of_all_protocols_have_the_axis_of_the_widest() -> None:
    episodes = [*table(30, {"lie": -0.1}, 1), *table(30, {"lie": -2.4}, 1, P2)]
    figures = [part for part in panels_of(episodes)["gains"].parts if isinstance(part, PanelFigure)]
    ticks = [re.findall(r">(-?\d(?:\.\d)?)</text>", str(render(figure.picture))) for figure in figures]
    assert ticks[0] == ticks[1] and {"-1", "0"} <= set(ticks[0])


def test_claims_that_do_not_hold_are_told_in_words() -> None:
    text = text_of(panels_of(two_protocols())["gains"])
    assert "Claims of the predecessor: " in text and "Fails: p1: % DG > 0 of withhold < 25 % (" in text
    assert "Holds: " not in text


def test_gains_are_told_in_words_too() -> None:
    text = text_of(panels_of(two_protocols())["gains"])
    for part in (
        "p1: IRI",
        "epsilon",
        "fixed behaviour",
        "honest senders were punished",
        "costs them",
        "Order of protocols",
    ):
        assert part in text, part


def test_messages_have_a_section_where_there_are_any() -> None:
    told = [labelled(S, S, f"t{place}") for place in range(4)]
    alone = [labelled(S, R, f"t{place}", deviation=NO_MESSAGE) for place in range(4)]
    rows = tables(panels_of([*told, *alone])["messages"])["Messages"].rows
    assert rows[0][:2] == ("p1, honest", "1.000") and rows[0][4] == "100.0 %"
    assert "messages" not in panels_of(alone)


def test_reputations_have_a_curve_per_deviation() -> None:
    panel = panels_of(two_protocols(), curves_of(12))["reputation"]
    figure = next(part for part in panel.parts if isinstance(part, PanelFigure))
    assert str(render(figure.picture)).count("<path") == 4
    rows: Any = {row[0]: row for row in tables(panel)[f"Reputations under {PROTOCOLS[2]}"].rows}
    assert rows["lie"][1] == "1" and int(rows["lie"][3]) > 0 == int(rows["honest"][3])
    assert float(rows["lie"][2]) < float(rows["honest"][2])


def test_conduct_of_senders_has_a_section() -> None:
    found = Conduct()
    for record in milestone2(2):
        found.add(record)
    panel = panels_of(two_protocols(), conduct=found)["conduct"]
    rows = tables(panel)["What senders did"].rows
    assert [row[0] for row in rows][:2] == ["p1_evidence_first, honest", "p1_evidence_first, no_evidence"]
    assert "asserted another label than it believes" in text_of(panel)


def test_run_without_reputations_or_findings_has_no_such_section() -> None:
    plain = ReputationCurves()
    for record in milestone2(2):
        plain.add(record)
    assert talk_panels(None, plain, Conduct()) == [] and "reputation" not in panels_of(two_protocols(), plain)


def test_mean_course_is_over_the_series_that_have_come_so_far() -> None:
    assert mean_course([Course([0.5, 0.7]), Course([0.7])]) == [0.6, 0.7] and mean_course([]) == []


def test_courses_of_two_groups_add_up() -> None:
    whole, other = curves_of(3), ReputationCurves()
    other.merge(whole)
    assert other.courses == whole.courses and other.to_json() is None
