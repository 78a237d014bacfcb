"""Values of any shape as JSON inside a text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from json import encoder as _json
from typing import Any

from arena.formats.bounded import BadNumber, decoder_for
from arena.formats.json_types import Json

_MAKE: Any = getattr(_json, "c_make_encoder", None)


def _prepared(ascii_only: bool) -> Callable[[Json], str]:
    """Return what writes compact JSON, with raw UTF-8 or in ASCII alone.

    `JSONEncoder.encode` makes the encoder of its C module again for every value, which takes as long as writing a short
    one; here it is made once. An interpreter without that module has the usual way.
    """
    plain = json.JSONEncoder(ensure_ascii=ascii_only, separators=(",", ":"), check_circular=False)
    if _MAKE is None:
        return plain.encode
    text = _json.encode_basestring_ascii if ascii_only else _json.encode_basestring
    pieces = _MAKE(None, plain.default, text, None, ":", ",", False, False, True)
    return lambda value: "".join(pieces(value, 0))


compact_json = _prepared(ascii_only=False)
"""Compact JSON with raw UTF-8."""
ascii_json = _prepared(ascii_only=True)
"""Compact JSON in ASCII: every other character is escaped."""


class AsciiTexts(dict[str, str]):
    """Texts as JSON strings in ASCII, each of them encoded when it is looked up first.

    For values that contain the same long texts, such as the requests of one conversation.
    """

    __slots__ = ()

    def __missing__(self, text: str) -> str:
        self[text] = written = _json.encode_basestring_ascii(text)
        return written

    def json(self, value: Json) -> str:
        """Return what `ascii_json` returns, with every text and name looked up here."""
        if _MAKE is None:
            return ascii_json(value)
        pieces = _MAKE(None, _refuse, self.__getitem__, None, ":", ",", False, False, True)
        return "".join(pieces(value, 0))


_refuse = json.JSONEncoder().default
"""Raises TypeError for an object that JSON lacks."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_text(value: Json) -> str:
    """Return a value as compact JSON, empty for None: what a field with `member(text=True)` is written as."""
    if value is None:
        return ""
    text = compact_json(value)
    return ascii_json(value) if not text.isascii() and _SURROGATE.search(text) else text


def scan(text: str) -> tuple[Json, int]:
    """Return the value at the start of a text and where it ends. Errors: ValueError, RecursionError."""
    return decoder_for(text.encode("utf-8", "surrogatepass")).raw_decode(text)


def parse_json(text: str) -> Json:
    """Return the value of a JSON text without anything around it. Errors: ValueError saying what is wrong."""
    try:
        value, end = scan(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except BadNumber as error:
        raise ValueError(f"it {error}") from None
    if end != len(text):
        raise ValueError(f"it goes on after the JSON value, at column {end + 1}")
    return value
