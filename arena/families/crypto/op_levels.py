"""The operations offered to players: all, or building blocks alone. One table.

A building block does one thing that a book on cryptography would list (a hash, a group operation, a signature, a seal,
a share, a proof of knowledge). A recipe does the job of a whole step of some protocol, and its name says which: with
recipes, finding the right op is half of the solution. Enforced where players call: the calculator has them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from arena.play.tool_description import HELP_OP
from arena.records import Json

ALL, PRIMITIVE = "all", "primitive"
OP_LEVELS = (ALL, PRIMITIVE)

RECIPES = frozenset(
    [
        "coin_combine",
        "sortition",
        "beacon_mix",
        "receipt_sign",
        "receipt_verify",
        "deadman_seal",
        "deadman_open",
        "range_prove",
        "range_verify",
        "membership_prove",
        "membership_verify",
        "age_prove",
        "age_verify",
        "oprf_full",
        "psi_mask",
        "psi_remask",
        "psi_match",
        "psi_card",
        "pw_check_server",
        "pw_check_client",
        "ballot_encrypt",
        "ballot_verify",
        "tally_add",
        "tally_open",
        "sum_mask",
        "sum_combine",
        "auction_seal",
        "auction_open",
        "bill_split",
        "dp_laplace",
        "dp_gaussian",
        "randomized_response",
        "garble_gate",
        "eval_gate",
    ]
)

_LISTING = "ops"
"""The op that lists all others; like help on a family, it would show ops that are not offered."""


def offered(rows: Sequence[Mapping[str, Json]], level: str) -> list[Mapping[str, Json]]:
    """Return the rows of the calculator's catalogue that players are shown at a level."""
    return [row for row in rows if level == ALL or row["name"] not in RECIPES]


def refusal(op: str, args: Json) -> str:
    """Return why a call is refused if only building blocks are offered; empty if it is carried out."""
    if op == _LISTING:
        return "the list of all operations is not offered in this run; those in your instructions are"
    if op == HELP_OP and isinstance(args, dict) and "op" not in args and args:
        return 'help on a family is not offered in this run: ask for one operation, {"op": "hash"}'
    named = [op, *_inside(op, args)]
    recipe = next((name for name in named if name in RECIPES), None)
    return "" if recipe is None else f"{recipe} is not offered in this run: build it from the operations that are"


def _inside(op: str, args: Json) -> Iterable[str]:
    """Yield the operations that a call names in its arguments: the one that help is asked for, those of a batch."""
    if not isinstance(args, dict):
        return
    if op == HELP_OP:
        yield str(args.get("op"))
    requests = args.get("requests")
    for request in requests if op == "batch" and isinstance(requests, list) else ():
        if isinstance(request, dict):
            yield str(request.get("op"))
            yield from _inside(str(request.get("op")), request.get("args"))
