"""The manipulation check: how far senders followed their instructions, where it can be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.findings.conduct import HEADS, MEASURES, Conduct, conduct_rows
from arena.families.cheaptalk.findings.lines import conduct_lines
from arena.records import Stop
from tests.families.cheaptalk.made_records import detail, record

CONDITION = ("p3_slashing", "lie")


def told(asserted: Label | None, belief: Label | None, **evidence: Any) -> EpisodeDetail:
    """A lie with these labels and this evidence."""
    made = detail()
    return replace(
        made,
        read=replace(made.read, asserted=asserted, belief=belief),
        evidence=replace(made.evidence, **evidence),
    )


def counted(*details: EpisodeDetail) -> Any:
    found = Conduct()
    for one in details:
        found.add(record(one))
    return found.to_json()[CONDITION[0]][CONDITION[1]]


def test_label_is_held_against_the_own_belief() -> None:
    found = counted(told(Label.REFUTES, Label.SUPPORTS), told(Label.NEI, Label.NEI), told(None, Label.NEI))
    assert (found["against_belief"]["value"], found["against_belief"]["n"]) == (0.5, 2)


def test_sentences_are_held_against_those_that_the_sender_had() -> None:
    shown = told(None, None, gold_shown=("a",), gold_kept=(), invented=(), distractors_shown=("d",))
    kept = told(None, None, gold_shown=(), gold_kept=("a",), invented=("i",), distractors_shown=())
    found = counted(shown, kept, kept, kept)
    shares = {name: found[name]["value"] for name in ("gold_shown", "gold_kept", "distractor_shown", "invented")}
    assert shares == {"gold_shown": 0.25, "gold_kept": 0.75, "distractor_shown": 0.25, "invented": 0.75}


def test_what_cannot_be_told_is_in_no_share() -> None:
    found = counted(told(None, None, held=False))
    assert all(found[name]["n"] == 0 and found[name]["value"] is None for name in MEASURES if name != "deviated")
    assert found["deviated"]["n"] == 1
    no_gold = counted(told(None, None, gold_shown=(), gold_kept=()))
    assert no_gold["gold_kept"]["n"] == 0 and no_gold["invented"]["n"] == 1


def test_episode_without_a_message_or_a_score_is_not_counted() -> None:
    found = Conduct()
    for deviation in ("no_message", "baseline"):
        found.add(record(replace(detail(), condition=replace(detail().condition, deviation=deviation))))
    found.add(record(detail(), stop=Stop.PROVIDER))
    assert found.to_json() is None and found.cells(record()) == [] and conduct_lines(None) == []


def test_groups_add_up() -> None:
    one, other = Conduct(), Conduct()
    one.add(record(told(Label.NEI, Label.NEI)))
    other.add(record(told(Label.NEI, Label.REFUTES)))
    one.merge(other)
    assert one.to_json()["p3_slashing"]["lie"]["against_belief"]["value"] == 0.5


def test_table_has_a_column_for_each_measure() -> None:
    found = Conduct()
    found.add(record(told(Label.NEI, None)))
    rows = conduct_rows(found.to_json())
    assert len(HEADS) == len(MEASURES) + 1 == len(rows[0]) and rows[0][:2] == ["p3_slashing, lie", "-"]
    assert "p3_slashing lie" in conduct_lines(found.to_json())[1]
