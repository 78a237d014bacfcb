"""What players are told about the calculator: how to call it, and one line per op. Floor F2."""

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
int: a string, decimal or 0x hex ("123", "0x7b"). bytes: lowercase hex, or text after "utf8:" ("utf8:abc"). \
hex: lowercase hex only; hex32: of 32 bytes. name? may be left out; name=x is x when left out. \
The op help tells all about one op: {help}
Operations:
"""

_LONGEST_RESULT = 12
"""Characters: a longer description of a result is left to the op `help`. Every call of a match sends this text."""

_MOST_CHOICES = 4
"""Words of a choice that are listed; of more, the default alone is shown."""


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
    shown = ", ".join(_param(param) for param in row["params"] if not param.get("seeded_only"))
    result = f" -> {row['result']}" if len(row["result"]) <= _LONGEST_RESULT else ""
    return f"- {row['name']}({shown}){result}: {row['summary']}"


def _param(param: Mapping[str, Json]) -> str:
    kind = _kind(param)
    if param["required"]:
        return f"{param['name']}:{kind}"
    if "default" in param:
        default = param["default"]
        return f"{param['name']}={default if isinstance(default, str) else json.dumps(default)}:{kind}"
    return f"{param['name']}?:{kind}"


def _kind(param: Mapping[str, Json]) -> str:
    kind: str = param["type"]
    if "choices" in param:
        choices = param["choices"]
        return "|".join(choices) if len(choices) <= _MOST_CHOICES else "word"
    if "items" in param:
        return f"[{_kind(param['items'])}]"
    if "members" in param:
        return "{" + ", ".join(map(_param, param["members"])) + "}"
    if kind == "hex" and param.get("min_bytes") is not None and param.get("min_bytes") == param.get("max_bytes"):
        return f"hex{param['min_bytes']}"
    return kind
