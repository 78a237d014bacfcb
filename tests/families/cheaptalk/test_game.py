"""The game as it is played: protocols, information, deviations, controls, series."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from arena.families.cheaptalk.data.load import load
from arena.families.cheaptalk.data.table import dataset
from arena.families.cheaptalk.deviations.table import DEVIATIONS
from arena.families.cheaptalk.experiments.milestones import FOUR, SIX
from arena.families.cheaptalk.protocols.table import PROTOCOLS
from arena.families.cheaptalk.scene import ALONE, RECEIVER, SENDER
from tests.families.cheaptalk.runs import (
    accuracy,
    by_condition,
    cheaptalk,
    command,
    details,
    gain,
    payoff,
    records,
    unclocked,
    watched,
)
from tests.support.arena_rig import ROOT, environment

P1, P2, P3 = PROTOCOLS
CLAIMS = {claim.key: claim for claim in load(dataset("claims"), ROOT / "src/claims/claims.jsonl").claims}


@pytest.fixture(scope="module")
def protocols(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of milestone 4 on 60 claims, with the deviations of P3 that have a condition."""
    out = tmp_path_factory.mktemp("protocols") / "run"
    names = ",".join((*FOUR, "milk", "whitewash", "lie_when_hard"))
    ended = cheaptalk("protocols", "--num-tasks", "60", "--series", "4", "--deviations", names, "--out", str(out),
                      "--quiet")  # fmt: skip
    assert ended.code == 0, ended.err
    return out


@pytest.fixture(scope="module")
def deviations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of milestone 2 with its controls, on all claims."""
    out = tmp_path_factory.mktemp("deviations") / "run"
    assert cheaptalk("deviations", "--out", str(out), "--quiet").code == 0
    return out


# Protocols


@pytest.mark.parametrize(
    ("protocol", "seats"),
    [(P1, [SENDER, RECEIVER]), (P2, [SENDER, RECEIVER, SENDER, RECEIVER]), (P3, [SENDER, RECEIVER, SENDER, RECEIVER])],
)
def test_protocol_takes_its_phases_in_order(protocols: Path, protocol: str, seats: list[str]) -> None:
    for record in records(protocols):
        if record.trial.cell["protocol"] == protocol:
            said = [entry for entry in record.transcript.entries if entry.kind == "say" and entry.seat != ALONE]
            assert [entry.seat for entry in said] == seats
            assert record.score.detail.read.messages == PROTOCOLS[protocol].messages == len(seats)


def test_decision_is_the_last_message_and_not_the_questions(protocols: Path) -> None:
    for record in records(protocols):
        last = [entry.text for entry in record.transcript.entries if entry.seat == RECEIVER][-1]
        assert f"Final Assessment: {record.score.detail.read.predicted}" in last
        assert record.score.detail.read.decision in last


def test_sender_asked_alone_hears_nothing_and_is_not_heard(protocols: Path) -> None:
    entries = [entry for record in records(protocols) for entry in record.transcript.entries if entry.seat == ALONE]
    assert entries and all(entry.to == () for entry in entries)


def test_without_belief_nobody_is_asked_alone(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cheaptalk("run", "--num-tasks", "3", "--no-belief", "--out", str(out), "--quiet").code == 0
    assert all(entry.seat != ALONE for record in records(out) for entry in record.transcript.entries)
    assert {detail.read.belief_unread for detail in details(out)} == {"not_written"}


# Information


def sentences_shown(out: Path, information: str) -> dict[str, set[str]]:
    """Return seat -> the sentences of claims that it was sent in prompts, of a run over 6 claims."""
    known = {text for claim in CLAIMS.values() for text in (*claim.gold_texts(), *claim.distractors)}
    found: dict[str, set[str]] = defaultdict(set)
    with watched() as sent:
        ended = cheaptalk("run", "--num-tasks", "6", "--deviations", "honest,no_evidence", "--information", information,
                          "--out", str(out), "--quiet", "--workers", "1")  # fmt: skip
        assert ended.code == 0
    for seat, system, messages in sent:
        cues = [text for text in messages if not text.startswith("sender| ")]
        found[seat] |= {line[2:] for text in (system, *cues) for line in text.splitlines() if line[2:] in known}
        found[f"{seat} claims"] |= {line for text in cues for line in text.splitlines() if line.startswith("Claim: ")}
    return found


def test_closed_shows_sentences_to_nobody_and_no_claim_to_the_receiver(tmp_path: Path) -> None:
    found = sentences_shown(tmp_path / "run", "closed")
    assert found[SENDER] == found[RECEIVER] == found[ALONE] == set()
    assert len(found[f"{SENDER} claims"]) == 6 and found[f"{RECEIVER} claims"] == set()


def test_sender_alone_holds_gold_mixed_with_distractors(tmp_path: Path) -> None:
    out = tmp_path / "run"
    found = sentences_shown(out, "sender")
    keys = {record.trial.unit for record in records(out)}
    wanted = {text for key in keys for text in (*CLAIMS[key].gold_texts(), *CLAIMS[key].distractors)}
    assert found[SENDER] == found[ALONE] == wanted and found[RECEIVER] == set()
    assert len(found[f"{RECEIVER} claims"]) == 6


def test_open_shows_both_everything(tmp_path: Path) -> None:
    found = sentences_shown(tmp_path / "run", "open")
    assert found[SENDER] == found[RECEIVER] != set()


def test_receiver_never_reads_the_private_instruction(tmp_path: Path) -> None:
    with watched() as sent:
        cheaptalk("deviations", "--num-tasks", "2", "--out", str(tmp_path / "run"), "--quiet")
    orders = [row.instruction for row in DEVIATIONS.values() if row.instruction]
    read = ["\n".join((system, *messages)) for seat, system, messages in sent if seat in (RECEIVER, ALONE)]
    assert read and not any(order in text for text in read for order in orders)
    told = ["\n".join((system, *messages)) for seat, system, messages in sent if seat == SENDER]
    assert sum(any(order in text for order in orders) for text in told) == 2 * (len(SIX) - 1)


# Deviations


def test_deviations_change_what_is_earned(deviations: Path) -> None:
    gains = {name: gain(by_condition(deviations), P1, name) for name in SIX[1:]}
    assert len({round(value, 3) for value in gains.values()}) == len(gains)
    assert all(value < 0 for value in gains.values())


def test_evidence_is_accounted_for_mechanically(deviations: Path) -> None:
    found = by_condition(deviations)
    lies = [one for one in found[P1, "lie"] if one.behaved]
    assert lies and all(one.evidence.invented and one.read.asserted is not one.read.belief for one in lies)
    kept = [one for one in found[P1, "withhold"] if one.behaved]
    assert kept and all(one.evidence.gold_kept and not one.evidence.gold_shown for one in kept)
    assert not any(one.evidence.invented for one in found[P1, "honest"])


def test_behaviour_is_unknown_where_there_is_nothing_to_keep_back(deviations: Path) -> None:
    unknown = [one for one in by_condition(deviations)[P1, "withhold"] if one.behaved is None]
    assert unknown and all(not one.task.evidence for one in unknown)


def test_sender_that_refuses_to_deviate_is_counted(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = cheaptalk("deviations", "--num-tasks", "12", "--sender-model", "mock/principled", "--deviations",
                      "honest,lie,no_evidence", "--out", str(out))  # fmt: skip
    found = by_condition(out)
    assert {one.behaved for one in found[P1, "lie"]} == {False} == {one.behaved for one in found[P1, "no_evidence"]}
    assert {one.behaved for one in found[P1, "honest"]} == {True}
    assert "refused to deviate: no_evidence 100.0 % of 12, lie 100.0 % of 12" in ended.out


def test_information_changes_the_gains(deviations: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cheaptalk("deviations", "--information", "closed", "--out", str(out), "--quiet").code == 0
    told, closed = by_condition(deviations), by_condition(out)
    assert gain(closed, P1, "lie") - gain(told, P1, "lie") > 0.3
    assert not any(one.condition.deviation == "no_message" for one in details(out))


# Controls


def test_another_claims_message_lifts_nothing(deviations: Path) -> None:
    found = by_condition(deviations)
    alone = accuracy(found[P1, "no_message"])
    assert abs(accuracy(found[P1, "shuffled_message"]) - alone) < 0.08
    assert accuracy(found[P1, "honest"]) - alone > 0.4


def test_without_a_message_there_is_only_a_decision(deviations: Path) -> None:
    for one in by_condition(deviations)[P1, "no_message"]:
        assert (one.read.messages, one.read.asserted, one.behaved) == (1, None, None)


def test_shuffled_message_is_about_another_claim(deviations: Path) -> None:
    trials = [one.trial for one in records(deviations) if one.trial.cell["deviation"] == "shuffled_message"]
    assert trials and all(trial.plan["told"] != trial.unit for trial in trials)
    assert len({trial.plan["told"] for trial in trials}) == len(trials)


def test_controls_under_closed_are_refused(tmp_path: Path) -> None:
    ended = cheaptalk("run", "--information", "closed", "--controls", "no_message", "--out", str(tmp_path / "run"))
    assert ended.code == 2 and "--controls: under --information closed" in ended.err


# Series


def test_reputation_goes_on_through_a_series(protocols: Path) -> None:
    series: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for record in records(protocols):
        step = record.score.detail.reputation
        assert (step is None) == (record.trial.series is None) == (record.trial.cell["protocol"] != P3)
        if step is not None:
            series[str(record.trial.series)].append((step.before.score, step.after.score, step.identity))
    assert len(series) == 7 * 4
    for name, steps in series.items():
        assert len(steps) == 15 and steps[0][0] == 0.7
        for (_, after, number), (before, _, following) in zip(steps, steps[1:], strict=False):
            assert before == (after if number == following else 0.7), name


def test_only_whitewash_takes_new_names(protocols: Path) -> None:
    names = {
        name: {one.reputation.identity for one in found if one.reputation}
        for (protocol, name), found in by_condition(protocols).items()
        if protocol == P3
    }
    assert max(names["whitewash"]) > 0
    assert all(found == {0} for name, found in names.items() if name != "whitewash")


def test_low_reputation_has_evidence_verified_before_the_decision(protocols: Path) -> None:
    forced = [one for one in by_condition(protocols)[P3, "lie"] if one.reputation and one.reputation.forced]
    assert forced and all(one.reputation and one.reputation.before.score < 0.5 for one in forced)
    assert {one.payoff.verification_failed for one in forced} >= {True}
    told = [one.score.detail for one in records(protocols) if one.trial.cell["protocol"] != P3]
    assert {one.payoff.verification_failed for one in told} == {None}


def test_milking_a_reputation_beats_always_lying(protocols: Path) -> None:
    found = by_condition(protocols)
    assert payoff(found[P3, "milk"]) > payoff(found[P3, "lie"]) + 0.2
    assert {one.condition.acted for one in found[P3, "milk"]} == {"honest", "lie"}


def test_lying_when_hard_is_honest_elsewhere(protocols: Path) -> None:
    found = by_condition(protocols)[P1, "lie_when_hard"]
    assert {one.task.difficulty for one in found if one.condition.acted == "lie"} == {"hard"}
    assert {one.task.difficulty for one in found if one.condition.acted == "honest"} == {"easy", "medium"}


def test_reputation_deviations_are_played_under_p3_alone(protocols: Path) -> None:
    played = {protocol for protocol, name in by_condition(protocols) if name in ("milk", "whitewash")}
    assert played == {P3}


def test_reputation_deviation_without_p3_is_refused(tmp_path: Path) -> None:
    ended = cheaptalk("run", "--deviations", "honest,milk", "--out", str(tmp_path / "run"))
    assert ended.code == 2 and "--deviations milk: needs a protocol with a reputation" in ended.err


# Runs


def test_workers_do_not_change_a_byte(tmp_path: Path) -> None:
    words = ("protocols", "--num-tasks", "8", "--series", "2", "--quiet", "--out")
    for workers in ("1", "5"):
        assert cheaptalk(*words, str(tmp_path / workers), "--workers", workers).code == 0
    assert unclocked(tmp_path / "1") == unclocked(tmp_path / "5")


@pytest.mark.parametrize("at", [9_000, 60_000, 150_000])
def test_killed_run_resumes_to_the_same_bytes(tmp_path: Path, at: int) -> None:
    words = ["cheaptalk", "protocols", "--num-tasks", "6", "--series", "2", "--quiet", "--out"]
    assert command(*words, str(tmp_path / "whole")).code == 0
    killed = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_run", str(at), *words, str(tmp_path / "killed")],
        cwd=ROOT, env=environment(), check=False, timeout=120,
    )  # fmt: skip
    assert killed.returncode < 0
    assert command(*words, str(tmp_path / "killed"), "--resume").code == 0
    assert unclocked(tmp_path / "killed") == unclocked(tmp_path / "whole")


def test_finished_run_verifies(protocols: Path, deviations: Path) -> None:
    for out in (protocols, deviations):
        ended = command("verify", str(out), "--calculator-provider", "none")
        assert ended.code == 0, ended.text


def test_episode_ids_are_deterministic_and_unique(protocols: Path) -> None:
    ids = [one.episode_id for one in details(protocols)]
    assert len(set(ids)) == len(ids)
    assert ids[0].startswith("ep_") and len(ids[0].rsplit("_", 1)[1]) == 8
