"""Turn one JSON value of a player's message into calls, malformed calls, or a declaration that the matter is settled.

What counts as a call, and what is ordinary JSON that merely occurs in a message: docs/tool-protocol.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from arena.formats.lenient_json import Digits, Unreadable, decode_whole, is_plain, plain
from arena.records import Json

MAX_ITEMS = 64
"""Most calls (malformed ones included) of one message: the calculator's own limit for a batch."""

MAX_ID_BYTES = 128
"""Longest id of a call, in UTF-8: the calculator's own limit."""

MAX_KEPT_CHARS = 1000
"""Characters of a malformed piece that the record keeps; the call log keeps the whole message."""


@dataclass(frozen=True, slots=True)
class Call:
    """One calculation that a player asked for. `repairs`: each repair of the call, as a short phrase."""

    op: str
    args: dict[str, Json]
    id: str | None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """Text that was meant as a call but cannot be read; `problem` is one sentence that says what to fix."""

    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Done:
    """The seat declares the matter settled, with this result."""

    result: Json


Item = Call | Malformed | Done


class Wrong(Exception):
    """The value was meant as a call but is not one; the message says what to fix."""


_OP_KEYS = ("op", "name", "function", "tool_name", "recipient_name")
_ARGS_KEYS = ("args", "arguments", "parameters", "input")
_WRAPPERS = ("tool_call", "tool_calls")
_ID_KEYS = ("id", "call_id", "tool_call_id")
_CALL_KEYS = frozenset(("op", "args", "id"))
_KNOWN_KEYS = frozenset((*_OP_KEYS, *_ARGS_KEYS, *_ID_KEYS, "type", "tool"))
_CALCULATOR_NAMES = frozenset(("calculator", "crypto_calculator", "cryptomath"))
_CALL_TYPES = frozenset(("function", "function_call", "tool_call", "tool_use"))
_OP_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_CANONICAL = 'write {"tool_call": {"op": "...", "args": {...}}}'


_PREFIX = re.compile(r"(?:functions?|tools?|default_api|crypto_calculator|calculator)\.(?=\w)")


def bare_op(name: str) -> str:
    """Return the name of an op without the namespace that a model puts in front of it (functions.hash)."""
    prefix = _PREFIX.match(name) if "." in name else None
    return name[prefix.end() :] if prefix else name


def clip(text: str) -> str:
    """Return at most MAX_KEPT_CHARS characters of `text`, saying how many were left out."""
    if len(text) <= MAX_KEPT_CHARS:
        return text
    return f"{text[:MAX_KEPT_CHARS]}... ({len(text) - MAX_KEPT_CHARS} more characters)"


def read_items(value: Json, source: str, explicit: bool, repairs: tuple[str, ...] = ()) -> list[Item]:
    """Return the items that the JSON `value`, written as `source`, asks for; [] if it is ordinary JSON and not a call.

    `explicit`: it is in a place where only a call can be (inside call tags), so everything that is not a call is
    malformed.  `repairs`: repairs made to read the value; every call in it carries them.
    At most MAX_ITEMS + 1 items are returned.
    """
    try:
        items = _read(value, explicit)
        if not items:
            return []
        if not is_plain(value):
            value, mended = plain(value)
            items = _read(value, explicit)
            repairs += mended
    except (Wrong, Unreadable) as error:
        return [Malformed(clip(source), str(error))]
    if not repairs:
        return items
    return [Call(i.op, i.args, i.id, repairs + i.repairs) if type(i) is Call else i for i in items]


def _read(value: Json, explicit: bool) -> list[Item]:
    if type(value) is list:
        return _read_list(value, explicit)
    if not isinstance(value, dict):
        if explicit:
            raise Wrong(f"a call is a JSON object: {_CANONICAL}.")
        return []
    done = _read_done(value) if "done" in value else None
    if done is not None:
        return [done]
    if "tool_call" in value or "tool_calls" in value:
        return _read_wrapper(value)
    call = _read_call(value, explicit)
    if call is not None:
        return [call]
    _refuse_unknown_wrapper(value)
    return []


def _read_list(values: list[Json], explicit: bool) -> list[Item]:
    """Read a list: it is a list of calls if at least one of its elements is meant as a call."""
    if not explicit and not any(_meant_as_call(value) for value in values):
        return []
    if not values:
        raise Wrong("the list of calls is empty: put a call into it, or leave it out.")
    items: list[Item] = []
    for value in values[: MAX_ITEMS + 1]:
        try:
            if isinstance(value, list):
                raise Wrong("a list of calls stands inside a list of calls: use one list.")
            found = _read(value, True)
        except (Wrong, Unreadable) as error:
            found = [Malformed(clip(_show(value)), str(error))]
        if any(type(item) is Done for item in found):
            raise Wrong('"done" stands alone on its line, not in a list.')
        items += found
        if len(items) > MAX_ITEMS:
            break
    return items[: MAX_ITEMS + 1]


def _show(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(deeply nested JSON)"


def _meant_as_call(value: Json) -> bool:
    try:
        return bool(_read(value, False)) if isinstance(value, dict) else False
    except (Wrong, Unreadable):
        return True


def _read_done(value: Mapping[str, Json]) -> Done | None:
    """Read a `done` object; None when `done` is merely a key of ordinary JSON. Raises Wrong."""
    inner = value["done"]
    if len(value) == 1:
        if isinstance(inner, dict):
            if inner.keys() == {"result"}:
                return Done(inner["result"])
        elif inner not in (None, "", []) and type(inner) is not bool:
            return Done(inner)
        raise Wrong('"done" does not say what was agreed: write {"done": {"result": ...}}.')
    if inner is True and value.keys() == {"done", "result"}:
        return Done(value["result"])
    if any(key in value for key in (*_WRAPPERS, "op")):
        raise Wrong('"done" and a call stand in one object: write the call alone, and "done" in a later message.')
    if isinstance(inner, dict) and "result" in inner:
        raise Wrong('"done" has other keys beside it: write only {"done": {"result": ...}}.')
    return None


def _read_wrapper(value: dict[str, Json]) -> list[Item]:
    if "tool_call" in value and "tool_calls" in value:
        raise Wrong('"tool_call" and "tool_calls" stand in one object: use one of them.')
    key = "tool_call" if "tool_call" in value else "tool_calls"
    inner = value[key]
    if len(value) == 1 and type(inner) is dict:
        return [_must_read(inner)]
    repairs: tuple[str, ...] = ()
    beside = {name: item for name, item in value.items() if name != key}
    if isinstance(inner, str) and _OP_NAME.fullmatch(inner) and "op" not in beside:
        return [_must_read({"op": inner, **beside}, repairs=(f'the op was read from "{key}"',))]
    if isinstance(inner, str) and inner.lstrip()[:1] in ("{", "["):
        inner, repairs = _from_string(inner, f'"{key}"')
    outer_id = beside.pop("id", None)
    if clash := sorted(beside.keys() & _KNOWN_KEYS - {"type", "tool"}):
        raise Wrong(f'"{clash[0]}" stands beside "{key}": everything about the call belongs inside "{key}".')
    for name in sorted(beside.keys() - {"type", "tool"}):
        repairs += (f'"{name[:40]}" beside "{key}" was left aside',)
    if isinstance(inner, dict):
        return [_must_read(inner, outer_id, repairs)]
    if not isinstance(inner, list):
        raise Wrong(f'"{key}" does not hold a call: {_CANONICAL}.')
    if outer_id is not None and len(inner) > 1:
        raise Wrong(f'one "id" stands beside several calls: put an "id" into each call of "{key}".')
    if outer_id is not None and inner and isinstance(inner[0], dict):
        return [_must_read(inner[0], outer_id, repairs)]
    items = _read_list(inner, True)
    return [Call(i.op, i.args, i.id, repairs + i.repairs) if type(i) is Call else i for i in items]


def _must_read(value: Mapping[str, Json], outer_id: Json = None, repairs: tuple[str, ...] = ()) -> Call:
    call = _read_call(value, True, outer_id)
    if call is None:
        raise Wrong(f"there is no call in the object: {_CANONICAL}.")
    return Call(call.op, call.args, call.id, repairs + call.repairs) if repairs else call


def _read_call(value: Mapping[str, Json], explicit: bool, outer_id: Json = None) -> Call | None:
    """Read one call object without its wrapper; None when it is ordinary JSON. Raises Wrong."""
    op, args, own_id = value.get("op"), value.get("args"), value.get("id")
    if (
        type(op) is str
        and op.strip()
        and type(args) is dict
        and outer_id is None
        and value.keys() <= _CALL_KEYS
        and op not in _CALCULATOR_NAMES
        and "." not in op
        and (own_id is None or (type(own_id) is str and 0 < len(own_id) <= MAX_ID_BYTES // 4))
    ):
        return Call(op, args, own_id)
    inner = value.get("function")
    if isinstance(inner, dict) and (explicit or _is_call_envelope(value)):
        if extra := sorted(value.keys() - {"function", "id", "type", "index"}):
            raise Wrong(f'"{extra[0][:40]}" stands beside "function": {_CANONICAL}.')
        if isinstance(inner.get("function"), dict):
            raise Wrong(f'"function" stands inside "function": {_CANONICAL}.')
        call = _must_read(inner, own_id if outer_id is None else outer_id)
        return Call(call.op, call.args, call.id, ("the call was read from a function object", *call.repairs))
    certain = explicit or type(op) is str or value.get("tool") in _names_of(value)
    if not certain and not _looks_like_call(value):
        return None
    return _read_keys(value, own_id if outer_id is None else outer_id, outer_id)


def _names_of(value: Mapping[str, Json]) -> frozenset[str]:
    return _CALCULATOR_NAMES if isinstance(value.get("tool"), str) else frozenset()


def _is_call_envelope(value: Mapping[str, Json]) -> bool:
    """Whether {"function": {...}} around this is a call and not the definition of a tool, which has `description`."""
    inner = value["function"]
    return (
        isinstance(inner.get("name"), str)
        and inner.keys() <= {"name", "arguments", "args", "parameters", "input"}
        and len(inner) == 2
        and value.keys() <= {"function", "id", "type", "index"}
    )


def _looks_like_call(value: Mapping[str, Json]) -> bool:
    """An op under another key counts only with arguments that are an object, and with no unknown key."""
    names = [value[key] for key in (*_OP_KEYS, "tool") if key in value]
    args = [value[key] for key in _ARGS_KEYS if key in value]
    return (
        len(names) == 1
        and len(args) == 1
        and isinstance(names[0], str)
        and _OP_NAME.fullmatch(bare_op(names[0])) is not None
        and (isinstance(args[0], dict) or (isinstance(args[0], str) and args[0].lstrip()[:1] == "{") or _no_args(value))
        and value.keys() <= _KNOWN_KEYS
        and value.get("type", "function") in _CALL_TYPES
    )


def _no_args(value: Mapping[str, Json]) -> bool:
    """Return whether the arguments are given as an empty text, under a word that ordinary JSON does not use."""
    return value.get("name") is not None and value.get("arguments", value.get("parameters", 0)) in ("", None)


def _read_keys(value: Mapping[str, Json], call_id: Json, outer_id: Json) -> Call:
    """Read a call whose keys may have other names than the canonical ones. Raises Wrong."""
    repairs: list[str] = []
    if call_id is None:
        call_id = next((value[key] for key in _ID_KEYS if key in value), None)
    if outer_id is not None and value.get("id") not in (None, outer_id):
        raise Wrong('the call has two different ids: give one "id", inside the call.')
    if unknown := sorted(value.keys() - _KNOWN_KEYS):
        raise Wrong(f'the call has an unknown key "{unknown[0][:40]}": put the arguments of the op under "args".')
    op_key = _op_key(value)
    args_keys = [key for key in _ARGS_KEYS if key in value]
    if len(args_keys) > 1:
        raise Wrong(f'"{args_keys[0]}" and "{args_keys[1]}" stand in one call: give the arguments once, as "args".')
    if "type" in value:
        if value["type"] not in _CALL_TYPES:
            raise Wrong(f'the call has an unknown "type": {_CANONICAL}.')
        repairs.append('"type" was left aside')
    if op_key != "op":
        repairs.append(f'"{op_key}" was read as "op"')
    args: Json = {}
    if not args_keys:
        repairs.append('missing "args" were read as {}')
    else:
        args = value[args_keys[0]]
        if args_keys[0] != "args":
            repairs.append(f'"{args_keys[0]}" was read as "args"')
    args = _read_args(args, repairs)
    op = bare_op(value[op_key])
    if op != value[op_key]:
        repairs.append(f'"{value[op_key][:40]}" was read as "{op[:40]}"')
    if op in _CALCULATOR_NAMES:
        # Not a calculator inside the calculator: that would let a message choose how deep this recurses.
        inner = _read_call(args, True) if args.get("op", op) not in _CALCULATOR_NAMES else None
        if inner is None:
            raise Wrong(f'"{op}" is the tool and not an op: {_CANONICAL} with the name of an op.')
        op, args = inner.op, inner.args
        repairs += ("the call was read from the arguments of the calculator", *inner.repairs)
        call_id = inner.id if call_id is None else call_id
    return Call(op, args, _read_id(call_id, repairs), tuple(repairs))


def _op_key(value: Mapping[str, Json]) -> str:
    keys = [key for key in _OP_KEYS if key in value]
    tool = value.get("tool")
    if isinstance(tool, str) and tool in _CALCULATOR_NAMES:
        # {"tool": "calculator", "args": {"op": ...}}: the tool's name is in the op's place.
        keys = keys or ["tool"]
    elif tool is not None and keys:
        raise Wrong('the only tool is the calculator: leave "tool" out, or write "tool": "calculator".')
    elif tool is not None:
        keys = ["tool"]
    if len(keys) > 1:
        raise Wrong(f'"{keys[0]}" and "{keys[1]}" stand in one call: name the op once, as "op".')
    if not keys:
        raise Wrong(f'the call has no "op": {_CANONICAL}.')
    if not isinstance(value[keys[0]], str) or not value[keys[0]].strip():
        raise Wrong(f'"{keys[0]}" must be the name of an op, as a string.')
    return keys[0]


def _read_args(args: Json, repairs: list[str]) -> dict[str, Json]:
    if args is None or args == "":
        repairs.append('empty "args" were read as {}')
        return {}
    if isinstance(args, str) and not isinstance(args, Digits):
        args, mended = _from_string(args, "the arguments")
        repairs += mended
    if not isinstance(args, dict):
        raise Wrong('"args" must be a JSON object: {"name": value, ...}.')
    return args


def _from_string(text: str, what: str) -> tuple[Json, tuple[str, ...]]:
    try:
        found = decode_whole(text)
        value, mended = plain(found.value)
    except Unreadable as error:
        raise Wrong(f"{what}, given as a string, cannot be read: {error}") from error
    return value, (f"{what} came as a string of JSON", *found.repairs, *mended)


def _read_id(call_id: Json, repairs: list[str]) -> str | None:
    if call_id is None or call_id == "":
        return None
    if (type(call_id) is int and abs(call_id) < 10**15) or isinstance(call_id, Digits):
        repairs.append('the "id" was turned into a string')
        call_id = str(call_id)
    if not isinstance(call_id, str) or len(call_id.encode("utf-8", "replace")) > MAX_ID_BYTES:
        raise Wrong(f'"id" must be a string of at most {MAX_ID_BYTES} bytes, or left out.')
    return call_id


def _refuse_unknown_wrapper(value: Mapping[str, Json]) -> None:
    """Raise Wrong for a call inside an object that is neither a known wrapper nor a quoted answer (which has `ok`)."""
    if "ok" in value:
        return
    for key, item in value.items():
        inner = item[0] if isinstance(item, list) and item else item
        if isinstance(inner, dict) and isinstance(inner.get("op"), str) and any(name in inner for name in _ARGS_KEYS):
            raise Wrong(f'a call stands under the unknown key "{key[:40]}": {_CANONICAL}.')
