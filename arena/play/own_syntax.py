"""Read calls that a model writes in its text in the syntax that it was trained on.

A server that knows the syntax reads it itself. If it does not, or if the model was not offered any tools, the raw
markers reach the arena. docs/tool-protocol.md shows an example of each form. All functions are linear in the text that
they read, and raise Wrong for text that was meant as a call but has no single meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from arena.formats.lenient_json import MAX_DEPTH, Broken, Decoded, Unreadable, decode_whole, plain
from arena.play.call_reading import MAX_ITEMS, Call, Item, Wrong, bare_op, read_items
from arena.records import Json

OWN_SYNTAX = "the call was read from a model's own syntax"
"""The repair that every call of this module carries."""

SPECIAL_TOKEN = r"<[|\uff5c][^<>{}|\uff5c\n]{1,40}[|\uff5c]>"
"""A token of a chat template: <|message|>, <\uff5ctool\u2581sep\uff5c>."""

SPECIAL_OPENER = (
    r"[|\uff5c](?:tool[\u2581_ ]?calls?(?:[\u2581_ ]section)?(?:[\u2581_ ](?:begin|start))?|function_calls?"
    r"|python_(?:tag|start)|START_ACTION|action_start|tools_prefix)[|\uff5c]>"
)
"""The text after the `<` of a special token that announces a call."""

SPECIAL_CLOSER = (
    r"[|\uff5c](?:tool[\u2581_ ]?calls?(?:[\u2581_ ]section)?[\u2581_ ]end|call|end|python_end|END_ACTION|action_end"
    r"|tools_suffix)[|\uff5c]>"
)
"""The text after the `<` of a special token that ends a call."""

NAMESPACE = r"(?:[|\uff5c]DSML[|\uff5c]|\w{1,12}:|longcat_)?"
"""Prefixes of the name of a tag: <\uff5cDSML\uff5cinvoke ...>, <seed:tool_call>, <longcat_tool_call>."""

CUT_OPENER = r"function=(?=[\w.-]{1,120}\s{0,4}[({])|\|tool_call>"
"""The text after the `<` of a mark without its usual end: of a tag that Llama models leave open,
<function=hash{"data": "00"}</function>, and of Gemma 4, <|tool_call>call:hash{...}<tool_call|>."""

_NAME = re.compile(r"(?P<name>[A-Za-z_][\w.-]{0,120})(?P<number>:\d{1,6})?")
_CALLED = re.compile(r"\s*([A-Za-z_][\w.]{0,120})\s*\(")
_PRINTED = re.compile(r"\s*print\s*\((?=\s*[A-Za-z_][\w.]{0,120}\s*\()")
_PRINT_END = re.compile(r"\s*\)")
_TYPE = re.compile(r"function<[|\uff5c]tool[\u2581_ ]sep[|\uff5c]>")
_BETWEEN = re.compile(
    rf"(?:\s+|{SPECIAL_TOKEN}|\[ARGS\]|\[CALL_ID\](?P<id>[\w-]{{0,64}})|`{{3}}\w{{0,10}}"
    r"|\b(?:json|code|commentary|analysis)\b)*+"
)
_BETWEEN_CHARS = 400
"""Most characters between a name and its arguments: it bounds the cost of a marker without a call."""
_HARMONY_EMPTY = re.compile(r"<\|message\|>\s*<\|call\|>\Z")
_NAMED_TAG = re.compile(
    rf"<{NAMESPACE}(?:function|invoke)(?:\s*=\s*|\s+name\s*=\s*)[\"']?(?P<name>[\w.-]{{1,120}})[\"']?\s*>"
)
_PARAMETER = re.compile(
    rf"\s*<{NAMESPACE}parameter(?:\s*=\s*|\s+name\s*=\s*)[\"']?(?P<key>[\w.-]{{1,64}})[\"']?"
    r"(?:\s+string=[\"'](?P<string>true|false)[\"'])?\s*>"
)
_PARAMETER_END = re.compile(rf"</{NAMESPACE}parameter>")
_TAG_END = re.compile(rf"\s*</{NAMESPACE}(?:function|invoke)>")
_ARG = re.compile(
    rf"\s*<{NAMESPACE}arg_key>\s*(?P<key>[\w.-]{{1,64}})\s*</{NAMESPACE}arg_key>\s*<{NAMESPACE}arg_value>"
)
_ARG_END = re.compile(rf"</{NAMESPACE}arg_value>")
_CALL_END = re.compile(rf"\s*</{NAMESPACE}tool_call>")
_PYTHON_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|'[^'\\]*+(?:\\.[^'\\]*+)*+')"
    r"|(?P<number>-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?(?![\w.]))"
    r"|(?P<word>True|False|None|true|false|null)\b|(?P<key>[A-Za-z_]\w{0,63})\s*=(?!=)|(?P<sign>[\[\]{}(),:]))",
    re.DOTALL,
)
_GEMMA_CALL = re.compile(r"\s*call:(?P<name>[A-Za-z_][\w.-]{0,120})\s*(?=\{)")
_GEMMA_TOKEN = re.compile(
    r"\s*(?:<\|\"\|>(?P<string>.*?)<\|\"\|>|(?P<key>[A-Za-z_]\w{0,63})\s*:"
    r"|(?P<plain>\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?|true\b|false\b|null\b)|(?P<sign>[\[\]{},:]))",
    re.DOTALL,
)
"""Gemma 4 writes JSON with bare keys, and texts between two <|"|>."""
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_PYTHON_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])")
_PYTHON_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/", "\n": ""}


class Body(NamedTuple):
    """The items read after a marker, and the place where they end."""

    items: list[Item]
    end: int


JsonAt = Callable[[int], Decoded | Broken]
"""Reads the JSON object that begins at a place of the text."""


def read_body(text: str, at: int, json_at: JsonAt) -> Body | None:
    """Read the call that begins at `at`, after a marker; None if no form of a call begins there. Raises Wrong.

    Plain JSON is not read here: the caller reads it, as everywhere.
    """
    if tag := _NAMED_TAG.match(text, at):
        return _tagged(text, tag, json_at)
    if named := _GEMMA_CALL.match(text, at):
        return _gemma(text, named)
    if (printed := _PRINTED.match(text, at)) and (called := _CALLED.match(text, printed.end())):
        body = _python(text, printed.end(), called)
        if (closed := _PRINT_END.match(text, body.end)) is None:
            raise Wrong("print( is never closed, or holds something else: write the call as JSON.")
        return Body(body.items, closed.end())
    if called := _CALLED.match(text, at + (text[at : at + 1] == "[")):
        return _python(text, at, called)
    if kind := _TYPE.match(text, at):
        at = kind.end()
    name = _NAME.match(text, at)
    if name is None:
        return None
    if _ARG.match(text, name.end()):
        return _keys_and_values(text, name)
    between = _BETWEEN.match(text, name.end(), name.end() + _BETWEEN_CHARS)
    if between is None or text[between.end() : between.end() + 1] != "{":
        return None
    call_id = between["id"] or (name[0] if name["number"] else None)
    return _named(text, name["name"], between.end(), json_at, call_id)


def read_recipient(text: str, name: str, at: int, json_at: JsonAt) -> tuple[Body | None, bool]:
    """Read the text after harmony's `to=name`, which ends at `at`; the flag says whether special tokens follow it.

    Raises Wrong. An empty message that is closed by <|call|> has no arguments.
    """
    between = _BETWEEN.match(text, at, at + _BETWEEN_CHARS)
    end = between.end() if between else at
    if text[end : end + 1] == "{":
        return _named(text, name, end, json_at, None), True
    if _HARMONY_EMPTY.search(text[max(at, end - 60) : end]):
        return Body([Call(bare_op(name), {}, None, (OWN_SYNTAX,))], end), True
    return None, "<|" in text[at:end]


def _named(text: str, name: str, at: int, json_at: JsonAt, call_id: str | None) -> Body:
    """Read the JSON object at `at` as the arguments of `name`; a whole call of the same name counts as it."""
    found = json_at(at)
    if isinstance(found, Broken):
        raise Wrong(found.problem)
    value = found.value
    if isinstance(value, dict) and "name" in value and bare_op(str(value["name"])) == bare_op(name):
        items = read_items(value, text[at : found.end], True, (OWN_SYNTAX, *found.repairs))
    else:
        call: dict[str, Json] = {"op": bare_op(name), "args": value}
        if call_id is not None:
            call["id"] = call_id
        items = read_items(call, text[at : found.end], True, (OWN_SYNTAX, *found.repairs))
    return Body(items, found.end)


def _tagged(text: str, tag: re.Match[str], json_at: JsonAt) -> Body:
    """Read <function=name> or <invoke name="name"> with its parameters, or one JSON object, inside."""
    at = tag.end()
    while text[at : at + 1].isspace():
        at += 1
    if text[at : at + 1] == "{":
        return _named(text, tag["name"], at, json_at, None)
    args: dict[str, Json] = {}
    while opened := _PARAMETER.match(text, at):
        closed = _PARAMETER_END.search(text, opened.end())
        if closed is None:
            raise Wrong(f'the parameter "{opened["key"]}" is never closed: end it with </parameter>.')
        _put(args, opened["key"], _value(text[opened.end() : closed.start()], opened["string"]))
        at = closed.end()
    end = _TAG_END.match(text, at)
    if end is None:
        raise Wrong("the parameters of the call are never closed, or hold something else: write the call as JSON.")
    return Body([Call(bare_op(tag["name"]), args, None, (OWN_SYNTAX,))], end.end())


def _keys_and_values(text: str, name: re.Match[str]) -> Body:
    """Read `name` followed by pairs of <arg_key> and <arg_value>."""
    args: dict[str, Json] = {}
    at = name.end()
    while opened := _ARG.match(text, at):
        closed = _ARG_END.search(text, opened.end())
        if closed is None:
            raise Wrong(f'the value of "{opened["key"]}" is never closed: end it with </arg_value>.')
        _put(args, opened["key"], _value(text[opened.end() : closed.start()], None))
        at = closed.end()
    if _CALL_END.match(text, at) is None:
        raise Wrong("the call is never closed, or holds something else: write it as JSON.")
    return Body([Call(bare_op(name["name"]), args, None, (OWN_SYNTAX,))], at)


def _put(args: dict[str, Json], key: str, value: Json) -> None:
    if key in args and args[key] != value:
        raise Wrong(f'the argument "{key}" is given twice with different values: give it once.')
    args[key] = value


def _value(written: str, string: str | None) -> Json:
    """Return a parameter that was written as bare text: objects, lists, true, false and null are JSON, the rest text.

    Numbers stay text: the calculator reads integers from text too. `string`: the value of the attribute of that name.
    """
    written = written.removeprefix("\n").removesuffix("\n")
    bare = written.strip()
    if string == "true" or (string is None and bare[:1] not in ("{", "[") and bare not in ("true", "false", "null")):
        return _encodable(written)
    return _decoded(f"[{bare}]", "a parameter")[0]


def _encodable(text: str) -> str:
    """Return the text. Raises Wrong if it cannot be written as UTF-8."""
    try:
        plain(text)
    except Unreadable as error:
        raise Wrong(str(error)) from error
    return text


def _decoded(text: str, what: str) -> list[Json]:
    try:
        value, _ = plain(decode_whole(text).value)
    except Unreadable as error:
        raise Wrong(f"{what} cannot be read: {error}") from error
    if not isinstance(value, list) or len(value) != 1:
        raise Wrong(f"{what} holds more than one value: write the call as JSON.")
    return value


def _gemma(text: str, named: re.Match[str]) -> Body:
    """Read the object behind `call:name` by translating its tokens into JSON."""
    op, at, depth = bare_op(named["name"]), named.end(), 0
    pieces: list[str] = []
    while depth or not pieces:
        token = _GEMMA_TOKEN.match(text, at)
        if token is None:
            raise Wrong(f"the arguments of {op[:40]} are broken or never closed: write the call as JSON.")
        at = token.end()
        if token["string"] is not None:
            pieces.append(json.dumps(token["string"]))
        elif token["key"] is not None:
            pieces.append(f"{json.dumps(token['key'])}:")
        else:
            pieces.append(token["plain"] or token["sign"])
            depth += (token["sign"] in ("[", "{")) - (token["sign"] in ("]", "}"))
            if depth > MAX_DEPTH:
                raise Wrong(f"the brackets of {op[:40]} stand deeper than {MAX_DEPTH} levels.")
    args = _decoded(f"[{''.join(pieces)}]", f"the arguments of {op[:40]}")[0]
    if not isinstance(args, dict):
        raise Wrong(f"the arguments of {op[:40]} are no object: write the call as JSON.")
    return Body([Call(op, args, None, (OWN_SYNTAX,))], at)


def _python(text: str, at: int, called: re.Match[str]) -> Body:
    """Read `name(key="value")`, or a list of such calls. Raises Wrong for the first that is not of this form."""
    listed = text[at : at + 1] == "["
    items: list[Item] = []
    while True:
        call, at = _python_call(text, called)
        items.append(call)
        while text[at : at + 1].isspace():
            at += 1
        if not listed:
            return Body(items, at)
        following = _CALLED.match(text, at + 1) if text[at : at + 1] == "," else None
        if following is None or len(items) > MAX_ITEMS:
            break
        called = following
    if text[at : at + 1] != "]":
        raise Wrong("the list of calls is never closed, or holds something else: write one JSON object per call.")
    return Body(items, at + 1)


def _python_call(text: str, called: re.Match[str]) -> tuple[Call, int]:
    """Read the arguments of one call by translating its tokens into JSON."""
    op, at = bare_op(called[1]), called.end()
    pieces: list[str] = []
    depth = 0
    keyed = False
    while True:
        token = _PYTHON_TOKEN.match(text, at)
        if token is None:
            raise Wrong(f"the arguments of {op[:40]} are broken or never closed: write the call as JSON.")
        at = token.end()
        sign = token["sign"]
        if sign == ")" and depth == 0:
            break
        if sign in ("(", ")"):
            raise Wrong(f"an argument of {op[:40]} is not a plain value: write the call as JSON.")
        if token["key"] is not None:
            if depth:
                raise Wrong(f"an argument of {op[:40]} is not a plain value: write the call as JSON.")
            pieces.append(f"{json.dumps(token['key'])}:")
            keyed = True
            continue
        depth += (sign in ("[", "{")) - (sign in ("]", "}"))
        if not 0 <= depth <= MAX_DEPTH:
            raise Wrong(f"the brackets of {op[:40]} do not match, or stand deeper than {MAX_DEPTH} levels.")
        pieces.append(_as_json(token))
    if not keyed and pieces[:1] == ["{"]:
        args = _decoded(f"[{''.join(pieces)}]", f"the arguments of {op[:40]}")[0]
    elif keyed or not pieces:
        args = _decoded(f"[{{{''.join(pieces)}}}]", f"the arguments of {op[:40]}")[0]
    else:
        raise Wrong(f"the arguments of {op[:40]} have no names: write the call as JSON.")
    if not isinstance(args, dict):
        raise Wrong(f"the arguments of {op[:40]} are no object: write the call as JSON.")
    return Call(op, args, None, (OWN_SYNTAX,)), at


def _as_json(token: re.Match[str]) -> str:
    if token["string"] is not None:
        return json.dumps(_PYTHON_ESCAPE.sub(_unescaped, token["string"][1:-1]))
    word: str = token["word"] or token["number"] or token["sign"]
    return _PYTHON_WORDS.get(word, word)


def _unescaped(match: re.Match[str]) -> str:
    sign = match[1]
    if len(sign) > 1:
        return chr(int(sign[1:], 16))
    if sign not in _PYTHON_ESCAPED:
        raise Wrong(f"a string holds the unknown escape {match[0]!r}: write the call as JSON.")
    return _PYTHON_ESCAPED[sign]
