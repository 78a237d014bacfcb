"""Damages good input a little or a lot: texts, bytes and JSON values."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from tests.support.hostile_replies import CHARS, WORDS

TOKENS = (
    "{", "}", "[", "]", '"', "'", ":", ",", "#", "- ", "\n", "\t", "  ", "&a", "*a", "!!x", "|", ">", "%", "@", "`",
    "\\", "\x00", "\ufeff", "\u2028", "null", "NaN", "1e999", "-0", "0x1f", "yes", "---", "...", "<<: *a", "\\u0000",
    "\ud800", "(a+)+$", "\\1", "(?<=a)", "[z-a]", "../..", "/etc/passwd", "$HOME", "${X}", "9" * 400,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, -(2**70), 1e308, 0.1, "", " ", "x" * 300, "\x00", "../../x", "\ud800", [], {},
    [[]], {"": {}}, [None] * 5, {"a": [1, {"b": 2}]}, "NaN", "2026-01-01", "\u202ex", "<script>",
)  # fmt: skip


def text(rng: random.Random, good: str) -> str:
    """Return a text with one to four changes: cut, repeated, moved, swapped or strange pieces."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        at, end = sorted((rng.randrange(len(good) + 1), rng.randrange(len(good) + 1)))
        kind = rng.randrange(8)
        if kind == 0:
            good = good[:at] + good[end:]
        elif kind == 1:
            good = good[:at] + rng.choice(TOKENS) + good[at:]
        elif kind == 2:
            good = good[:at] + "".join(rng.choices(CHARS, k=rng.randrange(1, 6))) + good[at:]
        elif kind == 3:
            good = good[:at] + good[at : at + 40] * rng.randrange(2, 9) + good[at:]
        elif kind == 4:
            good = good[:at]
        elif kind == 5:
            good = good[:at] + rng.choice(WORDS) + good[at + 1 :]
        elif kind == 6:
            lines = good.splitlines(keepends=True)
            rng.shuffle(lines)
            good = "".join(lines[: rng.randrange(len(lines) + 1)])
        else:
            good = good.replace(rng.choice(":,\n -[]{}\"'"), rng.choice(TOKENS), rng.randrange(1, 4))
        good = good[:4000]
    return good


def raw(rng: random.Random, good: bytes) -> bytes:
    """Return bytes with one to four changes, after which they may not be text."""
    changed = bytearray(good)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            del changed[at : at + rng.choice((1, 1, 10, 1000))]
        elif kind == 1:
            changed[at:at] = rng.randbytes(rng.randrange(1, 5))
        elif kind == 2 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            changed[at:at] = changed[at : at + rng.choice((1, 20, 500))]
        elif kind == 4:
            del changed[at:]
        else:
            changed[at:at] = rng.choice(TOKENS).encode("utf-8", "surrogatepass")
    return bytes(changed)


def value(rng: random.Random, good: Any) -> Any:
    """Return a JSON value in which one to three members or elements are replaced, removed, duplicated or nested
    deep."""
    whole = [copy.deepcopy(good)]
    for _ in range(rng.choice((1, 1, 2, 3))):
        holder, key = _place(rng, whole)
        kind = rng.randrange(7)
        if kind < 3:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 3 and holder is not whole:
            del holder[key]
        elif kind == 4:
            holder[key] = [holder[key], copy.deepcopy(holder[key])]
        elif kind == 5 and isinstance(holder, dict):
            holder[rng.choice(("", "x", "id", "$ref", "__class__", key.upper()))] = copy.deepcopy(holder[key])
        elif kind == 6:
            inner = holder[key]
            for _ in range(rng.choice((2, 40, 120))):
                inner = [inner]
            holder[key] = inner
    return whole[0]


def _place(rng: random.Random, whole: list[Any]) -> tuple[Any, Any]:
    holder: Any = whole
    key: Any = 0
    while True:
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.2:
            return holder, key
        holder, key = inner, rng.choice(list(inner)) if isinstance(inner, dict) else rng.randrange(len(inner))


def as_json(rng: random.Random, damaged: Any) -> bytes:
    """Return a value as JSON bytes; now and then these are damaged too."""
    data = json.dumps(damaged, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return raw(rng, data) if rng.random() < 0.15 else data
