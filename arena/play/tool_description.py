"""The description of the calculator for players: how to call it, and its ops, at a chosen length.

Every model call of a run carries this text. The part that all calls of a run share comes first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence

from arena.play.op_names import NOTATION, shortened
from arena.records import Json

TOOL_TEXTS = ("families", "granted", "full")
"""The forms: names of ops by family; a line per op of the families that a challenge grants; a line per op."""

HELP_OP = "help"
"""The op that explains others. Players are advised to ask it, so its calls have their own limit."""

_META = "meta"
_HEADING = "Family "

_HOW = """\
You have a calculator: never make up what it can compute. A call is one JSON object on its own line:
{example}
{answer}A message with calls is private: you get the answers, in order, and go on. Your first message without a call \
is public. At most {max_calls} calls a turn, not counting help.
Integers are strings ("123", "0x7b"). Data are lowercase hex, or text after "utf8:"; keys, signatures and nonces only \
hex. {names}{help}
"""
_NAMES = "name? may be left out; name=x is x when left out. "
_HELP = "Types, limits and an example of one operation: {op}"
_HELP_FIRST = 'Before you use an operation, call "help" for its arguments and an example: args {op}'
_HELP_FAMILY = ", or {family} for a whole family"
_LONGEST_RESULT = 8
"""Characters of an example's result that are shown: enough to see its form, fewer than a digest has."""


def describe(
    catalogue: Sequence[Mapping[str, Json]],
    max_calls: int,
    families: Collection[str] | None = None,
    form: str = "families",
) -> str:
    """Return the description of the calculator for players; empty if no op is left.

    `catalogue`: the rows of the op `ops`; `max_calls`: calls allowed in a turn; `families`: names of the catalogue's
    families to show, None for all; `form`: one of TOOL_TEXTS. In `granted` each family has a heading, and
    `for_families` picks what one challenge grants.
    """
    rows = [row for row in catalogue if families is None or row.get("family") in families]
    if not rows:
        return ""
    groups: dict[str, list[Mapping[str, Json]]] = {}
    for row in rows:
        groups.setdefault(row["family"], []).append(row)
    how = _how(catalogue, rows, max_calls, form)
    if form == "full":
        return how + "Operations:\n" + "\n".join(map(_line, rows))
    groups.pop(_META, None)
    if form == "granted":
        parts = [f"{_HEADING}{name}:\n" + "\n".join(map(_line, members)) for name, members in groups.items()]
        return how + "\n".join(parts)
    lines = "\n".join(f"{name}: {shortened([row['name'] for row in members])}" for name, members in groups.items())
    note = f" ({NOTATION})" if "{" in lines else ""
    return f"{how}Operations by family{note}:\n{lines}"


def for_families(text: str, families: Collection[str] | None) -> str:
    """Return a text of the form `granted` with these families only; any other text, or None, is returned unchanged."""
    if families is None:
        return text
    head, *parts = re.split(rf"^(?={_HEADING}\w+:$)", text, flags=re.MULTILINE)
    if not parts:
        return text
    wanted = tuple(f"{_HEADING}{name}:" for name in families)
    return head + "".join(part for part in parts if part.partition("\n")[0] in wanted).rstrip("\n")


def granted_families(text: str) -> frozenset[str]:
    """Return the families that a text of the form `granted` has headings for; none for a text of another form."""
    return frozenset(re.findall(rf"^{_HEADING}(\w+):$", text, flags=re.MULTILINE))


def _how(catalogue: Sequence[Mapping[str, Json]], rows: Sequence[Mapping[str, Json]], max_calls: int, form: str) -> str:
    row = next((row for row in rows if row["name"] == "hash"), rows[0])
    example = row["example"]
    call: dict[str, Json] = {"op": example["op"], "args": example["args"]}
    answer = ""
    if form != "full" and "result" in example:
        call["id"] = "a"
        result = example["result"]
        if isinstance(result, str) and len(result) > _LONGEST_RESULT:
            result = f"{result[:_LONGEST_RESULT]}..."
        shown = json.dumps({"id": "a", "ok": True, "result": result}, separators=(",", ":"))
        answer = f"The answer: {shown}\n"
    asked = {"op": example["op"]}
    text = _HELP.format(op=_call_of(asked)) if form == "full" else _HELP_FIRST.format(op=json.dumps(asked))
    if _helps_with_families(catalogue):
        text += _HELP_FAMILY.format(family=json.dumps({"family": row["family"]}))
    return _HOW.format(
        example=json.dumps({"tool_call": call}, ensure_ascii=False),
        answer=answer,
        max_calls=max_calls,
        names="" if form == "families" else _NAMES,
        help=text,
    )


def _call_of(args: Mapping[str, Json]) -> str:
    return json.dumps({"tool_call": {"op": HELP_OP, "args": args}})


def _helps_with_families(catalogue: Sequence[Mapping[str, Json]]) -> bool:
    """Return whether this calculator's help accepts a family: players read only about forms that work."""
    return any(row["name"] == HELP_OP and any(p["name"] == "family" for p in row["params"]) for row in catalogue)


def _line(row: Mapping[str, Json]) -> str:
    """Return an op as one line: name, arguments without their types, summary. Details that `help` gives are left
    out."""
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
