"""The calculator in the provider's own form of tool calling (--tool-calls native).

The description for players and the offered tools are one text, which a run keeps in inputs/tools.txt: so its
digest covers both, and a finished run can be read without its calculator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from arena.formats.json_text import parse_json
from arena.messages import NativeCall, NativeResult, Tool
from arena.play.call_reading import Call, Malformed, bare_op, clip
from arena.play.tool_description import HELP_OP
from arena.records import Json

MOST_TOOLS = 128
"""OpenAI, Groq and others refuse a longer list of tools."""

NOTE = "native call, though no tools were offered"
"""Note in the record of a call that was made in the provider's own form under the text protocol."""

_OFFERED = "\nTools offered in the provider's own form, a JSON object each:\n"
_META = "meta"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

_HOW = """\
A calculator computes for you: its operations are the tools that you are offered. A message with calls is a private \
step: nobody else sees it, the results come back to you, and then you go on. Your public message is the first one \
without a call. At most {max_calls} calls a turn, not counting help. Never make up a result that you can compute.
Integers are strings, decimal or 0x hex ("123", "0x7b"). Data are lowercase hex, or text after "utf8:" ("utf8:abc"); \
keys, signatures and nonces are lowercase hex only.{families}"""
_FAMILIES = """
Each tool but `help` is a family of operations: name the operation in `op`, its arguments in `args`. Before you use an \
operation, ask `help` for its arguments, types and an example."""


@dataclass(frozen=True, slots=True)
class NativeTools:
    """The description for players, and the tools that they are offered."""

    text: str
    tools: tuple[Tool, ...]


def describe_native(
    catalogue: Sequence[Mapping[str, Json]], max_calls: int, families: Collection[str] | None, form: str
) -> str:
    """Return the text that `read_native` reads; empty if no op is left.

    `form`: one of TOOL_TEXTS: with `families` a tool is a family of ops, with the others an op.  Other arguments: as of
    tool_description.describe.
    """
    rows = [row for row in catalogue if families is None or row["family"] in families]
    if not rows:
        return ""
    tools = _by_family(rows) if form == "families" else [(row["family"], _op_tool(row)) for row in rows]
    if not any(tool.name == HELP_OP for _, tool in tools):
        tools += [(row["family"], _op_tool(row)) for row in catalogue if row["name"] == HELP_OP]
    text = _HOW.format(max_calls=max_calls, families=_FAMILIES if form == "families" else "")
    lines = [json.dumps({"family": family, **tool._asdict()}, ensure_ascii=False) for family, tool in tools]
    return text + _OFFERED + "\n".join(lines)


def is_native(text: str | None) -> bool:
    """Return whether a run's text about its tools offers them in the provider's own form."""
    return text is not None and _OFFERED in text


def read_native(text: str, families: Collection[str] | None = None) -> NativeTools:
    """Return what `describe_native` wrote, with the tools of these families only (None: all), and help."""
    told, _, offered = text.partition(_OFFERED)
    rows = [parse_json(line) for line in offered.splitlines()]
    tools = tuple(
        Tool(row["name"], row["description"], row["parameters"])
        for row in rows
        if families is None or row["family"] in families or row["name"] == HELP_OP
    )
    return NativeTools(told, tools)


def told_of(text: str | None) -> str | None:
    """Return the part of a run's text about its tools that is in prompts: all of it under the text protocol."""
    return None if text is None else text.partition(_OFFERED)[0]


def read_call(call: NativeCall, offered: Sequence[Tool]) -> Call | Malformed:
    """Return the items that a native call asks for."""
    try:
        args = parse_json(call.arguments.strip() or "{}")
    except (ValueError, RecursionError):
        return Malformed(clip(call.arguments), "the arguments are no JSON object: write one.")
    repairs = () if offered else (NOTE,)
    if not isinstance(args, dict):
        return Malformed(clip(call.arguments), "the arguments are no JSON object: write one.")
    family = next((tool for tool in offered if tool.name == call.name and _is_family(tool)), None)
    if family is None:
        name = bare_op(call.name)
        return (
            Call(name, args, call.id, repairs) if name else Malformed(clip(call.arguments), "the call names no tool.")
        )
    op, inner = args.get("op"), args.get("args", {})
    if not isinstance(op, str) or not isinstance(inner, dict):
        return Malformed(clip(call.arguments), 'give the operation as "op" (a text) and its arguments as "args".')
    return Call(op, inner, call.id, repairs)


def echo(call: NativeCall) -> NativeCall:
    """Return a call as it can be sent back: servers and chat templates refuse other names, and arguments that are no
    JSON object."""
    name = call.name if _NAME.fullmatch(call.name) else re.sub(r"[^a-zA-Z0-9_-]", "_", call.name)[:64] or "unnamed"
    try:
        good = isinstance(parse_json(call.arguments.strip()), dict)
    except (ValueError, RecursionError):
        good = False
    return NativeCall(call.id, name, call.arguments if good else json.dumps({"unreadable": call.arguments}))


def result_of(call: NativeCall, answer: Json) -> NativeResult:
    """Return the answer to a call; `deterministic`, the same on every answer of a run, is left out."""
    shown = {key: value for key, value in answer.items() if key not in ("id", "deterministic")}
    return NativeResult(call.id, json.dumps(shown, ensure_ascii=False, separators=(",", ":")))


def size(tools: Sequence[Tool]) -> int:
    """Return the characters that tools add to a prompt."""
    return sum(len(tool.name) + len(tool.description) + len(json.dumps(tool.parameters)) for tool in tools)


def _is_family(tool: Tool) -> bool:
    return tool.name != HELP_OP and tuple(tool.parameters.get("properties", ())) == ("op", "args")


def _by_family(rows: Sequence[Mapping[str, Json]]) -> list[tuple[str, Tool]]:
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row["family"], []).append(row["name"])
    groups.pop(_META, None)
    return [(family, _family_tool(family, names)) for family, names in groups.items()]


def _family_tool(family: str, names: Sequence[str]) -> Tool:
    properties: dict[str, Json] = {
        "op": {"type": "string", "enum": list(names)},
        "args": {"type": "object", "description": "the operation's arguments by name"},
    }
    return Tool(family, f"Operations of the family {family}", _object(properties, ("op", "args")))


def _op_tool(row: Mapping[str, Json]) -> Tool:
    shown = [param for param in row["params"] if not param.get("seeded_only")]
    properties = {param["name"]: _schema(param) for param in shown}
    required = tuple(param["name"] for param in shown if param["required"])
    return Tool(row["name"], row["summary"], _object(properties, required))


def _object(properties: dict[str, Json], required: Sequence[str]) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _schema(param: Mapping[str, Json]) -> dict[str, Json]:
    """Return the JSON schema of one parameter of the catalogue; its bounds are the calculator's to check."""
    kind = param["type"]
    found: dict[str, Json]
    if kind == "bool":
        found = {"type": "boolean"}
    elif kind == "count":
        found = {"type": "integer"} | {
            to: param[of] for of, to in (("min", "minimum"), ("max", "maximum")) if of in param
        }
    elif kind == "choice":
        found = {"type": "string", "enum": list(param["choices"])}
    elif kind == "list":
        found = {"type": "array", "items": _schema(param["items"])}
    elif kind == "object":
        found = _members(param)
    elif kind == "group":
        found = {"anyOf": [{"type": "string", "enum": list(param["choices"])}, _members(param)]}
    elif kind in _ANY:
        found = {}
    else:  # numbers, data, points, scalars: all are texts
        found = {"type": "string"}
    about = param.get("about", "")
    if "default" in param:
        about = f"{about}; {json.dumps(param['default'])} when left out"
    return {**found, "description": about} if about else found


_ANY = frozenset({"json", "any"})


def _members(param: Mapping[str, Json]) -> dict[str, Json]:
    members = param.get("members", ())
    required = [member["name"] for member in members if member.get("required")]
    return _object({member["name"]: _schema(member) for member in members}, required)
