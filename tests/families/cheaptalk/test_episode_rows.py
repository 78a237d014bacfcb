"""What a reader of the report is told about one episode."""

from __future__ import annotations

from dataclasses import replace

from arena.families.cheaptalk.findings.episode_rows import episode_rows
from tests.families.cheaptalk.made_records import detail


def test_rows_tell_truth_decision_conduct_and_payoff() -> None:
    rows = dict(episode_rows(detail()))
    assert rows["Truth"] == "REFUTES: The bridge has three arches." and rows["Decision"] == "REFUTES"
    assert rows["The sender said"] == "not readable (no_field)" and rows["The sender believes"] == "REFUTES"
    assert rows["Deviation"] == "lie; did the sender do what it asks? it did not"
    assert rows["Gold sentences kept back"] == "It has seven arches." and rows["Invented"] == rows["Evidence shown"]
    assert rows["Payoff"].startswith("0.350 (standard): quality 0.900") and rows["Verification"] == "failed"
    assert rows["Reputation"] == "0.700 to 0.550 (slashed, forced verification)"


def test_condition_that_acts_otherwise_says_so() -> None:
    made = replace(detail(), condition=replace(detail().condition, deviation="milk", acted="honest"), behaved=None)
    assert (
        dict(episode_rows(made))["Deviation"] == "milk, acted honest here; did the sender do what it asks? not checked"
    )


def test_sender_that_held_nothing_kept_nothing_back() -> None:
    made = replace(detail(), evidence=replace(detail().evidence, held=False, pieces=()), reputation=None)
    rows = dict(episode_rows(made))
    assert "Gold sentences kept back" not in rows and "Reputation" not in rows
    assert rows["Evidence shown"] == "said to be given"
    assert (
        dict(episode_rows(replace(made, evidence=replace(made.evidence, provided=False))))["Evidence shown"] == "none"
    )
