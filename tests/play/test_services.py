"""Journal, budget and gates behind the calls of a trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from arena.errors import GateDenied, Interrupted, LimitExceeded, ServiceFault
from arena.messages import CallKey, Conversation, ModelReply, ModelRequest
from arena.play.limits import Limits
from arena.play.services import TrialServices
from arena.policy.gates import ALLOW, END_TRIAL, REFUSE_REPLY, TOOL_ERROR, CallFacts, Decision
from arena.providers.replay import Recording
from arena.records import Json, Trial, trial_seed
from tests.support.table_fakes import FakeCalculator, FakeProvider, run_context

TRIAL = Trial("crypto/a/rep_0", "crypto", {}, "a", None, trial_seed(0, "crypto/a/rep_0"), {})


def talk(*texts: str) -> Conversation:
    conversation = Conversation("system")
    for text in texts:
        conversation.add("user", text)
    return conversation


def lines(folder: Path) -> list[dict[str, Json]]:
    return [json.loads(line) for line in (folder / "api_calls.jsonl").read_text().splitlines()]


def test_an_answer_is_on_disk_before_it_is_used(tmp_path: Path) -> None:
    services = TrialServices(run_context(tmp_path, FakeProvider(lambda r: "hello")), TRIAL, 0)
    assert services.ask("Ann", 0, 0, talk("hi")).text == "hello"
    (line,) = lines(tmp_path)
    assert (line["kind"], line["trial"], line["seat"], line["turn"], line["step"]) == ("model", TRIAL.key, "Ann", 0, 0)
    assert line["reply"]["text"] == "hello" and line["provider"] == "fake/fake"


def test_a_recorded_call_is_answered_from_the_journal_and_never_made_again(tmp_path: Path) -> None:
    first, calculator = FakeProvider(lambda r: "hello"), FakeCalculator()
    services = TrialServices(run_context(tmp_path, first, calculator), TRIAL, 0)
    said = services.ask("Ann", 0, 0, talk("hi"))
    judged = services.judge(0, 0, talk("judge this"))
    computed = services.tool("Ann", 0, 0, 0, "hash", {"data": "x"})

    second, idle = FakeProvider(lambda r: "other"), FakeCalculator()
    again = TrialServices(run_context(tmp_path, second, idle), TRIAL, 0)
    assert again.ask("Ann", 0, 0, talk("hi")) == said
    assert again.judge(0, 0, talk("judge this")) == judged
    assert again.tool("Ann", 0, 0, 0, "hash", {"data": "x"}).answer == computed.answer
    assert not second.requests and not idle.calls
    assert again.ask("Ann", 0, 1, talk("hi", "more")).text == "other", "what was not recorded is asked"


def test_another_attempt_or_trial_shares_nothing(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: f"answer {r.key.attempt}")
    TrialServices(run_context(tmp_path, provider), TRIAL, 0).ask("Ann", 0, 0, talk("hi"))
    assert TrialServices(run_context(tmp_path, provider), TRIAL, 1).ask("Ann", 0, 0, talk("hi")).text == "answer 1"


def test_a_recorded_call_with_another_request_is_refused(tmp_path: Path) -> None:
    TrialServices(run_context(tmp_path, FakeProvider(lambda r: "x")), TRIAL, 0).ask("Ann", 0, 0, talk("hi"))
    changed = TrialServices(run_context(tmp_path, FakeProvider(lambda r: "x")), TRIAL, 0)
    with pytest.raises(ServiceFault) as caught:
        changed.ask("Ann", 0, 0, talk("something else"))
    assert caught.value.args[0] == (
        "Ann, turn 0, step 0: the recorded model call has another request digest, so the run's inputs or code changed"
        " since it was recorded"
    )


def test_a_failed_call_is_logged_but_is_no_answer(tmp_path: Path) -> None:
    services = TrialServices(run_context(tmp_path, FakeProvider(lambda r: ServiceFault("timeout", "60 s"))), TRIAL, 0)
    with pytest.raises(ServiceFault):
        services.ask("Ann", 0, 0, talk("hi"))
    assert lines(tmp_path)[0]["fault"] == {"reason": "timeout", "message": "60 s"}
    later = TrialServices(run_context(tmp_path, FakeProvider(lambda r: "now it works")), TRIAL, 0)
    assert later.ask("Ann", 0, 0, talk("hi")).text == "now it works"


def test_an_outage_of_the_judge_is_named_as_such(tmp_path: Path) -> None:
    services = TrialServices(run_context(tmp_path, FakeProvider(lambda r: ServiceFault("provider", "500"))), TRIAL, 0)
    with pytest.raises(ServiceFault) as caught:
        services.judge(0, 0, talk("grade"))
    assert caught.value.reason == "judge"


def test_tool_seeds_depend_on_the_place_of_the_call_alone(tmp_path: Path) -> None:
    seeds = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        calculator = FakeCalculator()
        services = TrialServices(run_context(tmp_path / folder, FakeProvider(lambda r: ""), calculator), TRIAL, 0)
        services.tool("Ann", 0, 0, 0, "hash", {})
        services.tool("Ann", 0, 0, 1, "hash", {})
        seeds.append([seed for _, _, seed in calculator.calls])
    assert seeds[0] == seeds[1] and seeds[0][0] != seeds[0][1]
    assert all(len(seed) == 64 for seed in seeds[0])


def test_a_limit_refuses_the_call_before_it_is_made(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: "x")
    services = TrialServices(run_context(tmp_path, provider, limits=Limits(calls=2)), TRIAL, 0)
    services.ask("Ann", 0, 0, talk("1"))
    services.ask("Ann", 1, 0, talk("2"))
    with pytest.raises(LimitExceeded, match="calls would reach 3, the limit is 2"):
        services.ask("Ann", 2, 0, talk("3"))
    assert len(provider.requests) == 2 and len(lines(tmp_path)) == 2


def test_after_the_stop_nothing_new_is_called(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: "x")
    shared = run_context(tmp_path, provider)
    shared.stop.set()
    with pytest.raises(Interrupted):
        TrialServices(shared, TRIAL, 0).ask("Ann", 0, 0, talk("1"))
    assert not provider.requests


class DenyHash:
    """Denies the op hash, warns of modpow."""

    name = "test"

    def __init__(self, on_deny: str = END_TRIAL, enforced: bool = True) -> None:
        self.on_deny, self.enforced = on_deny, enforced
        self.recalled: list[tuple[CallFacts, Decision]] = []

    limits: Mapping[str, int] = {}

    def inputs(self) -> Mapping[str, bytes]:
        return {}

    def open(self, trial: Trial) -> DenyHash:
        return self

    def identity(self) -> dict[str, Json]:
        return {"name": self.name}

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        self.recalled.append((facts, decision))

    def decide(self, facts: CallFacts) -> Decision:
        if facts.op == "hash" and facts.phase == "before":
            message = "hashing is not allowed"
            return Decision("deny", "no_hash", "rule.hash", message, self.on_deny, self.enforced)
        return Decision("warn", "slow", "rule.slow") if facts.op == "modpow" and facts.phase == "before" else ALLOW


def test_a_gate_decides_before_every_call_and_its_decisions_are_kept(tmp_path: Path) -> None:
    calculator = FakeCalculator()
    provider = FakeProvider(lambda r: "x")
    services = TrialServices(run_context(tmp_path, provider, calculator, gate=DenyHash()), TRIAL, 0)
    services.ask("Ann", 0, 0, talk("hi"))
    services.tool("Ann", 0, 0, 0, "modpow", {})
    with pytest.raises(GateDenied, match="rule.hash: hashing is not allowed"):
        services.tool("Ann", 0, 0, 1, "hash", {})
    assert [op for op, _, _ in calculator.calls] == ["modpow"]
    assert [noted.decision for noted in services.gate_decisions] == ["warn", "deny"]


def test_denial_of_a_tool_call_is_journalled(tmp_path: Path) -> None:
    services = TrialServices(
        run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator(), gate=DenyHash()), TRIAL, 0
    )
    with pytest.raises(GateDenied):
        services.tool("Ann", 0, 0, 0, "hash", {})
    (line,) = lines(tmp_path)
    assert line["gates"][0]["rule_id"] == "rule.hash" and "answer" not in line


def test_recorded_denial_ends_the_trial_again_without_a_gate(tmp_path: Path) -> None:
    shared = run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator(), gate=DenyHash())
    with pytest.raises(GateDenied):
        TrialServices(shared, TRIAL, 0).tool("Ann", 0, 0, 0, "hash", {})
    calculator = FakeCalculator()
    again = TrialServices(run_context(tmp_path, FakeProvider(lambda r: ""), calculator), TRIAL, 0)
    with pytest.raises(GateDenied, match="rule.hash"):
        again.tool("Ann", 0, 0, 0, "hash", {})
    assert not calculator.calls and again.gate_decisions[0].decision == "deny"


def test_a_replay_of_a_denied_tool_call_says_so(tmp_path: Path) -> None:
    shared = run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator(), gate=DenyHash())
    with pytest.raises(GateDenied):
        TrialServices(shared, TRIAL, 0).tool("Ann", 0, 0, 0, "hash", {})
    (tmp_path / "matches.jsonl").touch()
    with pytest.raises(ServiceFault) as caught:
        Recording(tmp_path).tool(CallKey(TRIAL.key, 0, "Ann", 0, 0), 0, "hash", {})
    assert str(caught.value) == "replay: the tool call of Ann at crypto/a/rep_0 was denied"


def test_denied_tool_call_with_tool_error_is_answered(tmp_path: Path) -> None:
    shared = run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator(), gate=DenyHash(TOOL_ERROR))
    answer = TrialServices(shared, TRIAL, 0).tool("Ann", 0, 0, 0, "hash", {}).answer
    assert answer == {"ok": False, "error": {"code": "denied_by_policy", "message": "hashing is not allowed"}}
    again = TrialServices(run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator()), TRIAL, 0)
    assert again.tool("Ann", 0, 0, 0, "hash", {}).answer == answer


def test_denial_in_shadow_mode_changes_nothing(tmp_path: Path) -> None:
    calculator, gate = FakeCalculator(), DenyHash(enforced=False)
    services = TrialServices(run_context(tmp_path, FakeProvider(lambda r: ""), calculator, gate=gate), TRIAL, 0)
    assert services.tool("Ann", 0, 0, 0, "hash", {}).answer["ok"] is True
    assert (services.gate_decisions[0].decision, services.gate_decisions[0].enforced) == ("deny", False)


class RefuseSecrets(DenyHash):
    """Denies replies that hold a word, after they were made."""

    def decide(self, facts: CallFacts) -> Decision:
        if facts.phase == "after" and "secret" in facts.text:
            return Decision("deny", "leak", "rule.leak", "I cannot say that.", self.on_deny)
        return ALLOW


def test_refused_reply_is_replaced_and_stays_in_the_journal(tmp_path: Path) -> None:
    shared = run_context(tmp_path, FakeProvider(lambda r: "the secret"), gate=RefuseSecrets(REFUSE_REPLY))
    assert TrialServices(shared, TRIAL, 0).ask("Ann", 0, 0, talk("hi")).text == "I cannot say that."
    assert lines(tmp_path)[0]["reply"]["text"] == "the secret"
    again = TrialServices(run_context(tmp_path, FakeProvider(lambda r: "other")), TRIAL, 0)
    assert again.ask("Ann", 0, 0, talk("hi")).text == "I cannot say that."


def test_denied_reply_ends_the_trial(tmp_path: Path) -> None:
    shared = run_context(tmp_path, FakeProvider(lambda r: "the secret"), gate=RefuseSecrets())
    with pytest.raises(GateDenied, match="rule.leak"):
        TrialServices(shared, TRIAL, 0).ask("Ann", 0, 0, talk("hi"))


def test_recorded_decisions_reach_the_gate_of_a_resumed_trial(tmp_path: Path) -> None:
    first = run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator(), gate=DenyHash())
    TrialServices(first, TRIAL, 0).tool("Ann", 0, 0, 0, "modpow", {"base": "2"})
    gate = DenyHash()
    again = TrialServices(run_context(tmp_path, FakeProvider(lambda r: ""), FakeCalculator(), gate=gate), TRIAL, 0)
    again.tool("Ann", 0, 0, 0, "modpow", {"base": "2"})
    (facts, decision), (after, allowed) = gate.recalled
    assert (facts.op, facts.args, decision.verdict) == ("modpow", {"base": "2"}, "warn")
    assert (after.phase, after.op, allowed) == ("after", "modpow", ALLOW)


def test_failed_call_gives_back_what_it_reserved(tmp_path: Path) -> None:
    answers = iter([ServiceFault("provider", "500"), "fine"])
    shared = run_context(tmp_path, FakeProvider(lambda r: next(answers)), limits=Limits(total_tokens=400))
    services = TrialServices(shared, TRIAL, 0)
    with pytest.raises(ServiceFault):
        services.ask("Ann", 0, 0, talk("x" * 100))
    assert services.ask("Ann", 0, 1, talk("x" * 100)).text == "fine"


def test_lone_surrogates_in_an_answer_do_not_break_the_journal(tmp_path: Path) -> None:
    def answer(request: ModelRequest) -> ModelReply | str:
        return "bad \ud800 text"

    services = TrialServices(run_context(tmp_path, FakeProvider(answer)), TRIAL, 0)
    assert services.ask("Ann", 0, 0, talk("\udfff")).text == "bad \ud800 text"
    again = TrialServices(run_context(tmp_path, FakeProvider(answer)), TRIAL, 0)
    assert again.ask("Ann", 0, 0, talk("\udfff")).text == "bad \ud800 text"
