"""What players are told about the calculator: how to call it, and one line per op."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from arena.records import Json

_HOW = """\
A calculator computes for you. To call it, write one JSON object per call, each on its own line:
{example}
Give several calls different ids ("id": "a"). A message that holds a call is a private step: nobody else sees it, the \
results come back to you, and then you go on. Your public message is the first one without a call. At most \
{max_calls} calls a turn. Never make up a result that you can compute.
Integers are strings, decimal or 0x hex ("123", "0x7b"). Data are lowercase hex, or text after "utf8:" ("utf8:abc"); \
keys, signatures and nonces are lowercase hex only. name? may be left out; name=x is x when left out. Types, limits \
and an example of one operation: {help}
Operations:
"""


def describe(catalogue: Sequence[Mapping[str, Json]], max_calls: int, families: Collection[str] | None = None) -> str:
    """Return what players are told about the calculator.

    `catalogue`: the rows of the op `ops`; `max_calls`: calls allowed in a turn; `families`: names of the catalogue's
    families to show, None for all. Ops of the family `meta` are shown like the others.
    """
    rows = [row for row in catalogue if families is None or row.get("family") in families]
    example = next((row["example"] for row in rows if row["name"] == "hash"), rows[0]["example"] if rows else None)
    if example is None:
        return ""
    call = json.dumps({"tool_call": {"op": example["op"], "args": example["args"]}}, ensure_ascii=False)
    asking = json.dumps({"tool_call": {"op": "help", "args": {"op": example["op"]}}})
    return _HOW.format(example=call, max_calls=max_calls, help=asking) + "\n".join(map(_line, rows))


def _line(row: Mapping[str, Json]) -> str:
    """Return an op as one line: name, arguments without their types, summary. Every call of a match sends this text,
    so what the op `help` tells is left out."""
    shown = ", ".join(_param(param) for param in row["params"] if not param.get("seeded_only"))
    return f"- {row['name']}({shown}): {row['summary']}"


def _param(param: Mapping[str, Json]) -> str:
    name: str = param["name"]
    if param["required"]:
        return name
    if "default" in param:
        default = param["default"]
        return f"{name}={default if isinstance(default, str) else json.dumps(default)}"
    return f"{name}?"
