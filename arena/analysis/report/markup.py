"""HTML that cannot be broken out of: every text is escaped unless it is markup already.

Text of agents is hostile. It reaches a page only through `tag`, which escapes it and shows characters that steer or
hide (control characters, bidirectional overrides, zero-width signs, half surrogate pairs) as its code point.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

VOID = frozenset({"meta", "input", "br", "wbr"})
_KEPT = frozenset("\n\t")


class Markup(str):
    """Text that is markup already: only this module makes it from anything else."""

    __slots__ = ()


NOTHING = Markup("")


def visible(text: str) -> str:
    """Return text in which each character of the Unicode categories C* and line and paragraph separators is written
    out as `[U+202E]`; line ends (also \\r\\n and \\r) and tabs stay."""
    if text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_shown, line)) for line in lines)


def _shown(sign: str) -> str:
    if sign in _KEPT:
        return sign
    category = unicodedata.category(sign)
    return f"[U+{ord(sign):04X}]" if category[0] == "C" or category in ("Zl", "Zp") else sign


def escape(value: object) -> Markup:
    """Return a value as markup: Markup unchanged, anything else as escaped, visible text; None as nothing."""
    if type(value) is str:
        return _escaped_short(value) if len(value) <= _SHORT else _escaped(value)
    if type(value) is Markup:
        return value
    if value is None:
        return NOTHING
    text = str(value)
    return _escaped_short(text) if len(text) <= _SHORT else _escaped(text)


def _escaped(text: str) -> Markup:
    return Markup(html.escape(visible(text)))


_SHORT = 64
_escaped_short = lru_cache(maxsize=8192)(_escaped)
"""Names of classes, seats, checks and numbers stand in a page thousands of times."""


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Return the parts of an iterable as one piece of markup, each escaped unless it is markup."""
    return Markup(escape(between).join([one if type(one) is Markup else escape(one) for one in parts]))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element. Attributes: None and False are left out, True has no value, the rest is escaped.

    `class_` becomes class, `aria_sort` aria-sort.
    """
    start = "".join([name, *[_attribute(key, value) for key, value in attributes.items()]])
    if name in VOID:
        return Markup(f"<{start}>")
    inner = "".join([one if type(one) is Markup else escape(one) for one in children])
    return Markup(f"<{start}>{inner}</{name}>")


@lru_cache(maxsize=8192, typed=True)
def _attribute(key: str, value: object) -> str:
    """Return an attribute as a tag has it, with the space before it; nothing for None and False."""
    if value is None or value is False:
        return ""
    spelled = key.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escape(value)}"'


class Form:
    """Our own markup with gaps, written `{}`: what fills them is escaped unless it is markup.

    For what a page has a thousand times: `tag` puts every element together anew.
    """

    __slots__ = ("_first", "_rest")

    def __init__(self, text: str) -> None:
        self._first, *self._rest = text.split("{}")

    def fill(self, *values: object) -> Markup:
        """Return the markup with these values in its gaps, one for each."""
        parts = [self._first]
        for value, after in zip(values, self._rest, strict=True):
            parts.append(value if type(value) is Markup else escape(value))
            parts.append(after)
        return Markup("".join(parts))


def trusted(text: str) -> Markup:
    """Return our own, already escaped markup (a rendered figure) as Markup; never for text of an agent."""
    return Markup(text)
