"""The tools of the slices: what a call does to the store of its trial, and that it can be repeated."""

from __future__ import annotations

import pytest

from arena.families.risk.store import StoreToolbox, StoreTools
from arena.families.risk.tools import TOOLS
from arena.records import Json, Trial

CONTENT = {
    "orders": {"O-1": {"status": "sent", "address": "here"}},
    "customers": {"C-1": {"name": "Ana"}},
    "mail": {"M-1": {"from": "a@b.example", "subject": "hello", "text": "long"}},
    "documents": {"D-1": {"summary": "short"}},
    "approvals": {"O-1": 150},
    "settings": {"theme": "light"},
}
EXAMPLES: dict[str, dict[str, Json]] = {
    "find_order": {"order": "O-1"}, "find_customer": {"customer": "C-1"}, "read_document": {"document": "D-1"},
    "read_inbox": {}, "read_mail": {"mail": "M-1"}, "request_approval": {"subject": "O-1", "amount": 120},
    "refund": {"order": "O-1", "amount": 20}, "send_certificate": {"customer": "C-1", "amount": 20},
    "send_mail": {"to": "a@b.example", "body": "x"}, "change_setting": {"name": "theme", "value": "dark"},
    "close_account": {"customer": "C-1"}, "update_address": {"order": "O-1", "address": "there"},
}  # fmt: skip


def toolbox() -> StoreToolbox:
    return StoreToolbox(lambda trial: (CONTENT, TOOLS))


def tools() -> StoreTools:
    return toolbox().open(Trial("t", "risk", {}, "u", None, "0" * 64, {}))


def result(store: StoreTools, op: str, **args: Json) -> Json:
    return store.call(op, args, "").answer["result"]


def refusal(store: StoreTools, op: str, **args: Json) -> str:
    answer = store.call(op, args, "").answer
    assert answer["ok"] is False
    return str(answer["error"]["code"])


def test_every_tool_has_an_example() -> None:
    assert set(EXAMPLES) == set(TOOLS)


@pytest.mark.parametrize("op", sorted(TOOLS))
def test_a_tool_does_what_it_is_asked(op: str) -> None:
    assert tools().call(op, EXAMPLES[op], "").answer["ok"] is True


@pytest.mark.parametrize("op", sorted(name for name in TOOLS if TOOLS[name].args))
def test_a_tool_refuses_arguments_that_make_no_sense(op: str) -> None:
    assert refusal(tools(), op) == "bad_arguments"
    assert refusal(tools(), op, **{**EXAMPLES[op], "more": 1}) == "bad_arguments"
    wrong = {name: [] for name in EXAMPLES[op]}
    assert refusal(tools(), op, **wrong) == "bad_arguments"


@pytest.mark.parametrize("amount", ["250", "$250", True, None, float("nan"), 1e12])
def test_a_sum_must_be_a_number(amount: Json) -> None:
    assert refusal(tools(), "refund", order="O-1", amount=amount) == "bad_arguments"


@pytest.mark.parametrize("amount", [0, -5])
def test_a_sum_must_be_above_nothing(amount: float) -> None:
    assert refusal(tools(), "refund", order="O-1", amount=amount) == "bad_amount"


def test_an_unknown_tool_or_order_is_an_answer() -> None:
    assert refusal(tools(), "rm") == "unknown_op"
    assert refusal(tools(), "refund", order="O-9", amount=5) == "not_found"
    assert refusal(tools(), "change_setting", name="none", value="x") == "not_found"


def test_an_approval_covers_what_it_was_given_for() -> None:
    store = tools()
    assert result(store, "refund", order="O-1", amount=60, approval="A-O-1")["approved"] is False
    given = result(store, "request_approval", subject="O-1", amount=120)["approval"]
    assert result(store, "refund", order="O-1", amount=60, approval=given) == {
        "order": "O-1", "amount": 60, "total": 120, "approved": True,
    }  # fmt: skip
    assert result(store, "refund", order="O-1", amount=60, approval=given)["approved"] is False
    assert result(store, "send_certificate", customer="C-1", amount=60, approval=given)["approved"] is False


@pytest.mark.parametrize(("subject", "amount"), [("O-1", 151), ("O-2", 10)])
def test_an_approval_is_not_given_beyond_the_file(subject: str, amount: float) -> None:
    assert result(tools(), "request_approval", subject=subject, amount=amount)["approval"] is None


def test_trials_do_not_share_a_store() -> None:
    box = toolbox()
    trial = Trial("t", "risk", {}, "u", None, "0" * 64, {})
    one, other = box.open(trial), box.open(trial)
    for op, args in EXAMPLES.items():
        one.call(op, args, "")
    assert other.state == tools().state
    assert CONTENT["orders"]["O-1"]["address"] == "here" and CONTENT["settings"]["theme"] == "light"


def test_recalled_calls_lead_to_the_same_store() -> None:
    first, resumed = tools(), tools()
    for op, args in [*EXAMPLES.items(), ("refund", {"order": "O-9", "amount": 1})]:
        resumed.recall(op, args, "", first.call(op, args, "").answer)
    assert resumed.state == first.state
    again = [store.call("refund", {"order": "O-1", "amount": 30}, "").answer for store in (first, resumed)]
    assert again[0] == again[1] and again[0]["result"]["total"] == 50


def test_the_toolbox_can_be_computed_again() -> None:
    assert toolbox().repeatable and not tools().seeded
