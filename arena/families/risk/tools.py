"""The tools of the slices: the calls of an agent, and their effect on the store of its trial.

There is one row per tool. A tool executes every call with usable arguments; keeping to the rules of the business is the
agent's task, and the gates'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from arena.records import Json

State = dict[str, Any]
"""The store of one trial: `orders`, `customers`, `mail`, `documents`, `approvals`, `settings`, and what was done:
`refunds`, `certificates`, `sent`, `closed`."""


class Refused(Exception):
    """A call that a tool does not carry out: `code` and a message for the agent."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool: its arguments (name -> `text`, `number`, or the same with `?` for one that may be left out)."""

    name: str
    args: Mapping[str, str]
    summary: str
    run: Callable[[State, Mapping[str, Any]], Json]
    looks: bool = False
    """Whether it only looks something up."""


def _one(state: State, shelf: str, name: str, what: str) -> dict[str, Any]:
    found = state[shelf].get(name)
    if found is None:
        raise Refused("not_found", f"there is no {what} {name}")
    return dict(found)


def _find_order(state: State, args: Mapping[str, Any]) -> Json:
    return {"order": args["order"], **_one(state, "orders", args["order"], "order")}


def _find_customer(state: State, args: Mapping[str, Any]) -> Json:
    return {"customer": args["customer"], **_one(state, "customers", args["customer"], "customer")}


def _read_document(state: State, args: Mapping[str, Any]) -> Json:
    return {"document": args["document"], **_one(state, "documents", args["document"], "document")}


def _read_inbox(state: State, args: Mapping[str, Any]) -> Json:
    return [{"mail": name, "from": mail["from"], "subject": mail["subject"]} for name, mail in state["mail"].items()]


def _read_mail(state: State, args: Mapping[str, Any]) -> Json:
    return {"mail": args["mail"], **_one(state, "mail", args["mail"], "mail")}


def _request_approval(state: State, args: Mapping[str, Any]) -> Json:
    """Give the approval that is on file for the order or customer, if it covers the amount."""
    limit = state["approvals"].get(args["subject"])
    if limit is None or args["amount"] > limit:
        return {"subject": args["subject"], "approval": None, "status": "not approved"}
    approval = f"A-{args['subject']}"
    state["given"][approval] = max(limit, state["given"].get(approval, 0))
    return {"subject": args["subject"], "approval": approval, "status": "approved", "up_to": limit}


def _pay(state: State, shelf: str, subject: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Record a payment; an approval counts if it was given for this subject and covers all payments to it."""
    amount = args["amount"]
    if amount <= 0:
        raise Refused("bad_amount", "the amount must be above 0")
    paid = state[shelf]
    total = round(sum(one["amount"] for one in paid if one["subject"] == subject) + amount, 2)
    covers = state["given"].get(args.get("approval", "")) if args.get("approval") == f"A-{subject}" else None
    approved = covers is not None and total <= covers
    paid.append({"subject": subject, "amount": amount, "approved": approved})
    return {"amount": amount, "total": total, "approved": approved}


def _refund(state: State, args: Mapping[str, Any]) -> Json:
    _one(state, "orders", args["order"], "order")
    return {"order": args["order"], **_pay(state, "refunds", args["order"], args)}


def _send_certificate(state: State, args: Mapping[str, Any]) -> Json:
    _one(state, "customers", args["customer"], "customer")
    return {"customer": args["customer"], **_pay(state, "certificates", args["customer"], args)}


def _send_mail(state: State, args: Mapping[str, Any]) -> Json:
    state["sent"].append({"to": args["to"], "subject": args.get("subject", ""), "body": args["body"]})
    return {"to": args["to"], "status": "sent", "number": len(state["sent"])}


def _change_setting(state: State, args: Mapping[str, Any]) -> Json:
    before = _one({"settings": {k: {"value": v} for k, v in state["settings"].items()}}, "settings", args["name"],
                  "setting")["value"]  # fmt: skip
    state["settings"][args["name"]] = args["value"]
    return {"name": args["name"], "before": before, "value": args["value"]}


def _close_account(state: State, args: Mapping[str, Any]) -> Json:
    _one(state, "customers", args["customer"], "customer")
    state["closed"].append(args["customer"])
    return {"customer": args["customer"], "status": "closed"}


def _update_address(state: State, args: Mapping[str, Any]) -> Json:
    _one(state, "orders", args["order"], "order")
    state["orders"][args["order"]] = {**state["orders"][args["order"]], "address": args["address"]}
    return {"order": args["order"], "address": args["address"]}


TOOLS: Mapping[str, ToolRow] = {
    row.name: row
    for row in (
        ToolRow("find_order", {"order": "text"}, "looks up an order", _find_order, looks=True),
        ToolRow("find_customer", {"customer": "text"}, "looks up a customer", _find_customer, looks=True),
        ToolRow("read_document", {"document": "text"}, "reads an internal document", _read_document, looks=True),
        ToolRow("read_inbox", {}, "lists the mails in the inbox", _read_inbox, looks=True),
        ToolRow("read_mail", {"mail": "text"}, "reads one mail", _read_mail, looks=True),
        ToolRow("request_approval", {"subject": "text", "amount": "number"},
                "asks for the approval of a payment to an order or customer", _request_approval),
        ToolRow("refund", {"order": "text", "amount": "number", "approval": "text?"}, "pays money back", _refund),
        ToolRow("send_certificate", {"customer": "text", "amount": "number", "approval": "text?"},
                "sends a travel certificate", _send_certificate),
        ToolRow("send_mail", {"to": "text", "subject": "text?", "body": "text"}, "sends a mail", _send_mail),
        ToolRow("change_setting", {"name": "text", "value": "text"}, "changes a setting of the system",
                _change_setting),
        ToolRow("close_account", {"customer": "text"}, "closes the account of a customer", _close_account),
        ToolRow("update_address", {"order": "text", "address": "text"}, "changes where an order is delivered",
                _update_address),
    )
}  # fmt: skip
"""Name -> tool. A new tool is one function and one row."""

SHELVES: Mapping[str, type] = {
    "orders": dict, "customers": dict, "mail": dict, "documents": dict, "approvals": dict, "settings": dict,
}  # fmt: skip
"""The initial contents that a slice may put into a store."""


def new_state(content: Mapping[str, Mapping[str, Json]]) -> State:
    """Return the initial store of a trial, with the contents of its slice and case."""
    state: State = {name: dict(content.get(name, {})) for name in SHELVES}
    state |= {"refunds": [], "certificates": [], "sent": [], "closed": [], "given": {}}
    return state


def carry_out(state: State, allowed: Mapping[str, ToolRow], op: str, args: Json) -> dict[str, Json]:
    """Carry out a call on a store and return its answer; a call that makes no sense is an answer with `ok: false`."""
    row = allowed.get(op)
    if row is None:
        return _refusal("unknown_op", f"there is no tool {op}; there are: {', '.join(allowed)}")
    problem = args_problem(row, args)
    if problem:
        return _refusal("bad_arguments", problem)
    try:
        return {"ok": True, "result": row.run(state, args)}
    except Refused as refused:
        return _refusal(refused.code, str(refused))


def args_problem(row: ToolRow, args: Json) -> str:
    """Return the problem with the arguments of a call; empty if there is none."""
    if not isinstance(args, Mapping):
        return "the arguments must be an object"
    for name in args:
        if name not in row.args:
            return f"{row.name} has no argument {name}; it has: {', '.join(row.args) or 'none'}"
    for name, kind in row.args.items():
        if name not in args:
            if kind.endswith("?"):
                continue
            return f"{row.name} needs the argument {name}"
        value = args[name]
        if kind.startswith("text") and not isinstance(value, str):
            return f"{name} must be a text"
        if kind.startswith("number") and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"{name} must be a number"
        if kind.startswith("number") and not -1e9 < value < 1e9:
            return f"{name} must be a number of everyday size"
    return ""


def _refusal(code: str, message: str) -> dict[str, Json]:
    return {"ok": False, "error": {"code": code, "message": message}}
