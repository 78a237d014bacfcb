"""Talk that imitates a protocol: the texts of a baseline, with calls that make them look computed. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.crypto.baselines.case import Case, Turns
from arena.records import Json

LABEL = "stamp"


def stamped(case: Case, said: Mapping[str, str], result: Json) -> Turns:
    """Return turns in which each role says its text under a fingerprint of it, and recomputes those of the previous
    speakers.

    The calls are real, but there is no protocol. `said`: role -> its text; `result`: the result that all declare.
    """
    turns: Turns = {}
    for place, role in enumerate(case.roles):
        before = case.roles[place - 1]
        told = said[role]
        turns[role] = [
            {"calls": [{"as": "h", "op": "hash", "args": {"data": f"utf8:{told}"}}]},
            f"Shall we just be open and save time? {told} {LABEL} [{{{{h}}}}].",
            {"calls": [{"as": "again", "op": "hash", "args": {"data": f"utf8:{said[before]}"}}]},
            {"calls": [{"as": "same", "op": "ct_equal",
                        "args": {"a": f"{{{{heard.{before}.{LABEL}}}}}", "b": "{{again}}"}}]},
            {"text": "I reckoned the stamp again, and it is the same, so that settles it.", "done": result},
        ]  # fmt: skip
    return turns


def sham(case: Case, result: Json) -> Turns:
    """Return turns in which random bytes are shown as a seal and a proof, and a value is compared with itself as a
    check."""
    turns: Turns = {}
    for place, role in enumerate(case.roles):
        before = case.roles[place - 1]
        heard = [f"{{{{heard.{before}.{label}}}}}" for label in ("seal", "proof")]
        turns[role] = [
            {"calls": [{"as": name, "op": "random_bytes", "args": {"len": 32}} for name in ("s", "p")]},
            "Here is my sealed part: seal [{{s}}], and what shows that it is in order: proof [{{p}}]. Yours?",
            {"calls": [{"as": f"same{place}", "op": "ct_equal", "args": {"a": value, "b": value}}
                       for place, value in enumerate(heard)]},
            {"text": "I checked your seal and your proof, and both hold.", "done": result},
        ]  # fmt: skip
    return turns
