"""The results of a batch of requests: answers -> generated matches, and the reasons for unusable ones.

Form of a line: OpenAI API reference, "Batch", "The request output object": `custom_id`, `response` (`status_code`,
`body`), `error`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from arena.families.crypto.data import roles
from arena.families.crypto.dataset.generated import Generated, Unusable, decode_reply
from arena.families.crypto.dataset.requests import Asked, asked
from arena.formats.bounded import lines_of, open_file, parse_json
from arena.records import Json

MAX_LINE_BYTES = 8 * 2**20


def read_answers(
    path: Path, challenges: Mapping[str, Mapping[str, Json]], dropped: Counter[str]
) -> Iterator[tuple[Asked, Generated]]:
    """Yield each usable answer of a file with its request; count the reasons of the others in `dropped`.

    `challenges`: id -> challenge. Errors: DataError for a file that is not JSON lines.
    """
    seen: set[str] = set()
    with open_file(path) as file:
        for number, (_, line) in enumerate(lines_of(file, str(path), MAX_LINE_BYTES), 1):
            found = parse_json(line, str(path), f"line {number}")
            try:
                one, made = _answer(found if isinstance(found, dict) else {}, challenges)
                if one.custom_id in seen:
                    raise Unusable("repeated", f"line {number}")
            except Unusable as error:
                dropped[error.reason] += 1
                continue
            seen.add(one.custom_id)
            yield one, made


def _answer(line: dict[str, Any], challenges: Mapping[str, Mapping[str, Json]]) -> tuple[Asked, Generated]:
    one = asked(str(line.get("custom_id")))
    challenge = None if one is None else challenges.get(one.key.split("/")[1])
    if one is None or challenge is None:
        raise Unusable("unknown_request", f"no request of ours has the id {str(line.get('custom_id'))[:80]!r}")
    response = line.get("response")
    if line.get("error") or not isinstance(response, dict) or response.get("status_code") != 200:
        raise Unusable("request_failed", str(line.get("error") or response)[:200])
    try:
        choice = response["body"]["choices"][0]
        text, finish = choice["message"]["content"], choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Unusable("request_failed", "the answer has no choice with a message") from None
    if finish == "length":
        raise Unusable("cut_off", "the reply ended at the token limit")
    if not isinstance(text, str):
        raise Unusable("no_json", "the reply has no text")
    return one, decode_reply(text, one.key, one.seed, roles(challenge))
