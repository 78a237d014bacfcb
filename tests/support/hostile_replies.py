"""Replies that a hostile player would write: a seeded generator, so that every failure can be reproduced."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

CHARS = (
    "\x00\x07\x1b[2J\u202e\u2066\u200b\u00ad\u0301\ud83d\udc00\uffff\ufffe\U0001f600\u0664\uff11\u00bd\u2460\u0130\u1e9e"
    "<>&\"'`\\|/:;,.=+-@#%$^*(){}[]~ \n\r\t\u2028"
)
WORDS = (
    "I accept", "415", "done", "Bob:", "hash", "commit_hash", "valid", "not", "1,234,567", "{", "}", "```json", "```",
    "</transcript>", "::error::", "=1+1", "SUCCESS", "sha256", "nan", "-inf", "1e999", "0x" + "ab" * 40, "true", "null",
)  # fmt: skip


def number(rng: random.Random) -> str:
    digits = rng.choice((1, 3, 17, 299, 300, 301, 4299, 4300, 4301, 5000))
    return rng.choice(("", "-", "+", "0.")) + str(rng.randrange(1, 10)) * digits + rng.choice(("", ".5", "e9", "e999"))


def value(rng: random.Random, depth: int = 0) -> str:
    """Return JSON, nearly JSON, or worse."""
    kind = rng.randrange(12)
    if kind < 3:
        return number(rng)
    if kind < 6 or depth > 3:
        return json.dumps(text(rng), ensure_ascii=rng.random() < 0.5)
    if kind == 6:
        return rng.choice(("NaN", "Infinity", "-Infinity", "true", "null", "None", "'x'", "", "[", "{", "\\ud800"))
    if kind == 7:
        levels = rng.choice((5, 31, 32, 33, 900, 3000))
        return "[" * levels + "]" * levels
    if kind == 8:
        return json.dumps({"result": number(rng), "done": {"done": 1}, "op": "hash", "args": {}})
    if kind == 9:
        return "{" + ",".join(f'"k":{value(rng, depth + 1)}' for _ in range(rng.randrange(4))) + "}"
    return "[" + ",".join(value(rng, depth + 1) for _ in range(rng.randrange(5))) + "]"


def text(rng: random.Random) -> str:
    kind = rng.randrange(8)
    if kind == 0:
        return "".join(rng.choices(CHARS, k=rng.randrange(40)))
    if kind == 1:
        return rng.choice(("-", "a-", "ab ", "[", "(", "0", "9 ", "\n", "f", "\u0301")) * rng.randrange(400)
    if kind == 2:
        return number(rng)
    return " ".join(rng.choices(WORDS, k=rng.randrange(12)))


def reply(rng: random.Random) -> str:
    kind = rng.randrange(6)
    if kind == 0:
        return text(rng)
    if kind == 1:
        return f'{text(rng)}\n{{"done": true, "result": {value(rng)}}}'
    if kind == 2:
        return f'{text(rng)}\n{{"done": {{"result": {value(rng)}}}}}'
    if kind == 3:
        return f'```json\n{{"op": "{rng.choice(WORDS[3:6])}", "args": {value(rng)}}}\n```{text(rng)}'
    if kind == 4:
        return f"{text(rng)} {value(rng)} {text(rng)}"
    return f'{{"scores": {value(rng)}, "verdict": {value(rng)}}}'


def replies(seed: int, count: int) -> Iterator[str]:
    """Yield `count` replies, the same ones for the same seed."""
    rng = random.Random(seed)
    return (reply(rng) for _ in range(count))
