"""The reference play, in which one thing that makes it worth something is undone: another one in every match.

All calls are made, and their results are right. But the keys are told to everybody, or what is fixed is opened in the
same breath, or everybody's secrets go to the next seat under a seal, or what is handed in is tested against nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.wording import figures, told
from arena.families.crypto.challenges.instance import drawn_case, secrets_of
from arena.families.crypto.checks.play_checks import CASE_MARK
from arena.families.crypto.script_messages import is_private, suffixed, text_of, usual
from arena.records import Json

_NOTHING = {"ed25519_verify": "utf8:whatever it says", "open_hash": "utf8:whatever it says"}
"""Op -> a message that nobody signed or fixed."""

Shown = Iterator[tuple[str, str]]
"""Labels, and what is told under them."""


def play(case: Case) -> Turns | None:
    """Return the reference's turns with one thing undone, the first that applies from the match's number on; None if
    none does."""
    ways = (keys_told, opened_at_once, sealed_to_the_next, tested_against_nothing)
    for place in range(len(ways)):
        turns = ways[(case.rep + place) % len(ways)](case)
        if turns is not None:
            return turns
    return None


def keys_told(case: Case) -> Turns | None:
    """Return turns in which each seat tells the random values and secret halves that it drew."""

    def keys(op: str, args: Mapping[str, Json], name: str) -> Shown:
        if op == "random_bytes":
            yield "my key", f"{{{{{name}}}}}"
        elif op == "keygen" or (op == "psi_mask" and "sk" not in args):
            yield "my key", f"{{{{{name}.secret.sk}}}}"

    return _telling(case, keys)


def opened_at_once(case: Case) -> Turns | None:
    """Return turns in which each seat posts what it fixes together with what opens it."""

    def opening(op: str, args: Mapping[str, Json], name: str) -> Shown:
        if op == "commit_hash":
            yield "it is", str(args["msg"]).removeprefix("utf8:")
            yield "opened by", str(args.get("nonce", f"{{{{{name}.nonce}}}}"))
        elif op == "pedersen_commit":
            yield "it is", str(args["m"])
            yield "opened by", f"{{{{{name}.r}}}}"

    return _telling(case, opening)


def _telling(case: Case, shown: Callable[[str, Mapping[str, Json], str], Shown]) -> Turns | None:
    """Return the reference's turns in which each seat also tells, as soon as it speaks to all, what `shown` gives of
    its calls; None if that is nothing."""
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    any_told = False
    for messages in turns.values():
        waiting: list[tuple[str, str]] = []
        for at, message in enumerate(messages):
            for op, args, name in _named_calls(message):
                waiting += shown(op, args, name)
            text = text_of(message)
            if text is None or is_private(message):
                continue
            waiting = [(label, value) for label, value in waiting if value not in text]  # else it is told anyway
            if waiting:
                words = ", ".join(f"{label} [{value}]" for label, value in waiting)
                messages[at] = suffixed(message, f" For the record: {words}.")
                waiting, any_told = [], True
    return turns if any_told else None


def _named_calls(message: Any) -> Iterator[tuple[str, Mapping[str, Json], str]]:
    """Yield op, arguments and name of the calls of a message, those of a batch singly; loops are left out."""
    for call in message.get("calls", ()) if isinstance(message, dict) else ():
        if "for" in call or "as" not in call:
            continue
        requests = call["args"].get("requests") if call["op"] == "batch" else None
        if isinstance(requests, list):
            for number, inner in enumerate(requests):
                yield inner["op"], inner.get("args", {}), f"{call['as']}.answers.{number}.result"
        elif call["op"] != "batch":
            yield call["op"], call["args"], call["as"]


def sealed_to_the_next(case: Case) -> Turns | None:
    """Return turns in which every seat but the first sends its secrets to the one before it, which opens them; None if
    nothing is secret, or nobody has two turns to all."""
    instance, roles = case.challenge["instance"], case.roles
    secrets = {role: {name: case.values[name] for name in secrets_of(instance, role)} for role in roles}
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    sent = False
    for place, role in enumerate(roles):
        messages = turns[role]
        public = [at for at, one in enumerate(messages) if text_of(one) is not None and not is_private(one)]
        if len(public) < 2:
            return None
        first, second = public[:2]
        calls = (
            [{"as": "zs", "op": "random_bytes", "args": {"len": 32}}],
            [{"as": "zp", "op": "x25519", "args": {"sk": "{{zs}}"}}],
        )
        before: list[Any] = [{"calls": one} for one in calls]
        words = " Letters for me go to: letterbox of mine [{{zp}}]."
        if place and secrets[role]:
            pk = f"{{{{heard.{roles[place - 1]}.letterbox of mine}}}}"
            args = {"pk": pk, "msg": f"utf8:{told(secrets[role], figures)}"}
            before.append({"calls": [{"as": "zb", "op": "sealed_box", "args": args}]})
            words += " And a letter: letter of mine [{{zb.sealed}}]."
            sent = True
        messages[first] = suffixed(messages[first], words)
        after = []
        if place + 1 < len(roles) and secrets[roles[place + 1]]:
            args = {"sk": "{{zs}}", "sealed": f"{{{{heard.{roles[place + 1]}.letter of mine}}}}"}
            after = [{"calls": [{"as": "zo", "op": "sealed_open", "args": args}]}]
        turns[role] = [*messages[:first], *before, *messages[first:second], *after, *messages[second:]]
    return turns if sent else None


def tested_against_nothing(case: Case) -> Turns | None:
    """Return turns in which the checks that decide the case are made over other words, and everybody goes on as is
    right in this case; None without such checks."""
    drawn = drawn_case(case.challenge["instance"], case.values)
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    changed = False
    for messages in turns.values() if drawn is not None else ():
        for at, message in enumerate(messages):
            for call in message.get("calls", ()) if isinstance(message, dict) else ():
                inner = call.get("call", call)
                if str(inner.get("as", "")).startswith(CASE_MARK) and inner["op"] in _NOTHING:
                    inner["args"]["msg"] = _NOTHING[inner["op"]]
                    changed = True
            if isinstance(message, dict) and "choose" in message:
                refusing = [one["say"] for one in message["choose"] if '"refused"' in json.dumps(one["say"])]
                messages[at] = refusing[0] if drawn is not None and drawn.negative and refusing else usual(message)
    return turns if changed else None
