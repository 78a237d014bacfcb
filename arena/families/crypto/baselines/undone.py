"""The reference play with one of its protections undone, a different one in each match.

All calls are made, and their results are right. But one thing is wrong: the keys are published, or commitments are
posted with their openings, or each seat sends its secrets under a seal to a seat that must not have them, or the
deciding checks are made over unrelated words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from arena.families.crypto.baselines import check_skipped
from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.wording import figures, told
from arena.families.crypto.challenges.instance import drawn_case, secrets_of
from arena.families.crypto.checks.keys import UNTIL_USED
from arena.families.crypto.checks.op_kinds import OP_MAKES
from arena.families.crypto.checks.play_checks import CASE_MARK
from arena.families.crypto.script_messages import is_private, suffixed, text_of, usual
from arena.families.crypto.script_values import PLACEHOLDER
from arena.families.crypto.secrecy.check import delivers
from arena.records import Json

_OVER_WORDS = frozenset({"ed25519_verify", "open_hash"})

Shown = Iterator[tuple[str, str]]
"""Labels and the values published under them."""


def play(case: Case) -> Turns | None:
    """Return the reference's turns with one protection undone; None if no way applies.

    The number of the match decides which way is tried first. A negative case ends before keys, openings or secrets
    matter. So there the check is made over other words, or left out.
    """
    drawn = drawn_case(case.challenge["instance"], case.values)
    ways = [keys_told, opened_at_once, sealed_to_the_next, tested_against_nothing]
    ways = [*ways[case.rep % len(ways) :], *ways[: case.rep % len(ways)], check_skipped.play]
    if drawn is not None and drawn.negative:
        ways = [tested_against_nothing, check_skipped.play, *ways]
    return next((turns for way in ways if (turns := way(case)) is not None), None)


def keys_told(case: Case) -> Turns | None:
    """Return turns in which each seat publishes the keys that it drew for signing, proving or masking."""
    keys = {
        name
        for messages in case.reference["turns"].values() for message in messages
        for op, args, _ in _named_calls(message) if OP_MAKES.get(op) in UNTIL_USED and op != "hmac"
        for name in PLACEHOLDER.findall(json.dumps([args.get("sk"), args.get("key")]))
    }  # fmt: skip

    def shown(op: str, args: Mapping[str, Json], name: str) -> Shown:
        secret = {"random_bytes": name, "keygen": f"{name}.secret.sk"}.get(op, "")
        if secret in keys or (op == "psi_mask" and "sk" not in args):
            yield "my key", f"{{{{{secret or f'{name}.secret.sk'}}}}}"

    return _telling(case, shown)


def opened_at_once(case: Case) -> Turns | None:
    """Return turns in which each seat posts its commitments together with their openings."""

    def opening(op: str, args: Mapping[str, Json], name: str) -> Shown:
        if op == "commit_hash":
            yield "it is", str(args["msg"]).removeprefix("utf8:")
            yield "opened by", str(args.get("nonce", f"{{{{{name}.nonce}}}}"))
        elif op == "pedersen_commit":
            yield "it is", str(args["m"])
            yield "opened by", f"{{{{{name}.r}}}}"

    return _telling(case, opening)


def _telling(case: Case, shown: Callable[[str, Mapping[str, Json], str], Shown]) -> Turns | None:
    """Return the reference's turns in which each seat also publishes what `shown` yields for its calls, in its next
    public message; None if nothing is published."""
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
            waiting = [(label, value) for label, value in waiting if value not in text]  # it is revealed anyway
            if waiting:
                words = ", ".join(f"{label} [{value}]" for label, value in waiting)
                messages[at] = suffixed(message, f" For the record: {words}.")
                waiting, any_told = [], True
    return turns if any_told else None


def _named_calls(message: Any) -> Iterator[tuple[str, Mapping[str, Json], str]]:
    """Yield op, arguments and name of each call of a message, also of those inside a batch; loops are omitted."""
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
    """Return turns in which each seat sends its secrets to the previous one, which opens them.

    None if nothing stays secret to the end, or if a seat has fewer than two turns to all.
    """
    roles = case.roles
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    places = {role: [at for at, one in enumerate(turns[role]) if text_of(one) is not None] for role in roles}
    if any(len(found) < 2 or any(is_private(turns[role][at]) for at in found) for role, found in places.items()):
        return None
    sent = False
    for place, role in enumerate(roles):
        to, sender = roles[place - 1], roles[(place + 1) % len(roles)]
        first, second = places[role][:2]
        third = places[role][2] if len(places[role]) > 2 else second
        kept = {name: case.values[name] for name in _kept(case, role, to)}
        letter: list[Any] = []
        words = ""
        if kept:
            args = {"pk": f"{{{{heard.{to}.letterbox of mine}}}}", "msg": f"utf8:{told(kept, figures)}"}
            letter = [{"calls": [{"as": "zb", "op": "sealed_box", "args": args}]}]
            words, sent = f" A letter for {to}: letter of mine [{{{{zb.sealed}}}}].", True
        args = {"sk": "{{zs}}", "sealed": f"{{{{heard.{sender}.letter of mine}}}}"}
        opening = [{"calls": [{"as": "zo", "op": "sealed_open", "args": args}]}] if _kept(case, sender, role) else []
        pause = ["I have what I need for my part."] if third == second else []
        box = [{"calls": [{"as": "zs", "op": "random_bytes", "args": {"len": 32}}]},
               {"calls": [{"as": "zp", "op": "x25519", "args": {"sk": "{{zs}}"}}]}]  # fmt: skip
        messages = turns[role]
        opened = suffixed(messages[first], " Letters for me: letterbox of mine [{{zp}}].")
        middle = [*messages[first + 1 : second], *letter]
        if pause:
            rest = [f"{pause[0]}{words}", *opening, *messages[second:]]
        else:
            rest = [suffixed(messages[second], words), *messages[second + 1 : third], *opening, *messages[third:]]
        turns[role] = [*messages[:first], *box, opened, *middle, *rest]
    return turns if sent else None


def _kept(case: Case, role: str, hearer: str) -> list[str]:
    """Return the secrets of a role that another one must not get, to the end."""
    instance = case.challenge["instance"]
    own = {*instance.get("own", {}).get(hearer, ()), *instance.get("until", {})}
    return [
        name for name in secrets_of(instance, role)
        if name not in own and not any(delivers(one, hearer, name) for one in case.challenge.get("obligations", ()))
    ]  # fmt: skip


def tested_against_nothing(case: Case) -> Turns | None:
    """Return turns in which the deciding checks are made over other words, and everybody then declares what is right in
    this case; None if no check is made over words."""
    drawn = drawn_case(case.challenge["instance"], case.values)
    turns: Turns = json.loads(json.dumps(case.reference["turns"]))
    changed, label = False, "" if drawn is None or not drawn.negative else drawn.label
    named = f'"as": "{CASE_MARK}{label}"' in json.dumps(turns)
    label = label if named else ""
    for role, messages in turns.items() if drawn is not None else ():
        kept = []
        for message in messages:
            calls = message.get("calls") if isinstance(message, dict) else None
            if calls and any(_decides(call, label) for call in calls):
                changed = True
                left = [_elsewhere(call) if _decides(call, label) else call for call in calls]
                message = message | {"calls": left}
            elif isinstance(message, dict) and "choose" in message:
                refusing = [one["say"] for one in message["choose"] if '"refused"' in json.dumps(one["say"])]
                message = refusing[0] if drawn is not None and drawn.negative and refusing else usual(message)
            kept.append(message)
        turns[role] = kept
    return turns if changed else None


def _decides(call: Any, label: str) -> bool:
    """Return whether a call is a check over words that decides a case; with a `label`, whether it decides that case."""
    one = call.get("call", call)
    name = str(one.get("as", ""))
    return (name == f"{CASE_MARK}{label}" if label else name.startswith(CASE_MARK)) and one["op"] in _OVER_WORDS


def _elsewhere(call: Any) -> Any:
    """Return a check over words that nobody signed or fixed."""
    return call | {"args": call["args"] | {"msg": "utf8:zwieback and quagmire"}}
