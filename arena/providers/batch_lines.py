"""Batch files in OpenAI's form: the names of questions, and the answers.

Form: OpenAI API reference, "Batch", "The request input object" (`custom_id`, `method`, `url`, `body`) and "The request
output object" (`custom_id`, `response` with `status_code` and `body`, `error`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import DataError, Issue
from arena.formats.bounded import lines_of, open_file, parse_json
from arena.messages import ModelRequest
from arena.providers.api_errors import ApiError, meaning_of, read_error
from arena.providers.bodies import is_error
from arena.records import Json

MAX_REQUESTS = 50_000
MAX_BYTES = 200 * 1000 * 1000
"""Limits of one input file (OpenAI API reference, "Create batch")."""

MAX_LINE_BYTES = 8 * 2**20

DIGEST_DIGITS = 16
"""Hex digits of a question's digest in a custom_id."""

OK = 200
MAX_REASON = 300
ABOUT_THE_QUESTION = frozenset({"context", "filter", "refusal", "generation"})
"""Meanings of errors that are due to the question and would recur."""

AWAITED = "the judge's answer is awaited"


def custom_id(request: ModelRequest) -> str:
    """Return the name of a question in a batch: the trial's key, the numbers of the judgement and of the re-ask, and
    the beginning of the question's digest, so that no answer is used for another question."""
    key = request.key
    return f"{key.trial}#{key.turn}.{key.step}-{request.conversation.digest()[:DIGEST_DIGITS]}"


class Place(NamedTuple):
    """The place of a line in an answer file."""

    path: Path
    number: int
    offset: int


@dataclass(slots=True)
class Answers:
    """The answers of batches, by custom_id. A later line with the same id replaces a failure, never an answer."""

    places: dict[str, Place] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """custom_id -> the service's message instead of an answer."""

    @staticmethod
    def read(paths: Sequence[Path]) -> Answers:
        """Return the answers in files. Errors: DataError for an unreadable file, a malformed line, or an id that is
        answered twice."""
        found = Answers()
        for path in paths:
            for place, line in _lines(path):
                found._add(place, line)
        return found

    def _add(self, place: Place, line: Mapping[str, Json]) -> None:
        name = str(line["custom_id"])
        if name in self.places:
            raise _bad(str(place.path), f"line {place.number}/custom_id", f"{name} is answered twice")
        problem = _problem(line)
        if problem is None:
            self.places[name] = place
            self.failed.pop(name, None)
        else:
            self.failed[name] = problem

    def response(self, name: str) -> tuple[int, Any] | None:
        """Return status and body of an answer, None if there is none."""
        place = self.places.get(name)
        if place is None:
            return None
        with open_file(place.path) as file:
            file.seek(place.offset)
            line = parse_json(file.readline(), str(place.path), f"line {place.number}")
        return answered(line["response"])

    def why_none(self, name: str) -> str:
        """Return why a question has no answer here."""
        if name in self.failed:
            return f"the batch has no answer: {self.failed[name]}"
        same = name.rpartition("-")[0] + "-"
        if any(one.startswith(same) for one in self.places):
            return "the batch answers another question about it: was it judged by other rules, or played again?"
        return AWAITED


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """The sources of answers: first the journal of the run `source`, which asked, then the `files` of batches."""

    files: Answers
    source: Path


def _lines(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    try:
        with open_file(path) as file:
            for number, (offset, raw) in enumerate(lines_of(file, str(path), MAX_LINE_BYTES), 1):
                line = parse_json(raw, str(path), f"line {number}")
                if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
                    raise _bad(str(path), f"line {number}", "is no line of a batch: it lacks `custom_id`")
                yield Place(path, number, offset), line
    except OSError as error:
        raise _bad(str(path), "", f"cannot be read: {error.strerror}") from None


def _bad(file: str, place: str, message: str) -> DataError:
    return DataError([Issue(file, place, message)])


def _problem(line: Mapping[str, Any]) -> str | None:
    """Return the problem of a request, None if its line has an answer.

    A service's refusal of the question itself (refused, filtered, too long) is an answer too, as it is over HTTP.
    """
    response, error = line.get("response"), line.get("error")
    if error or not isinstance(response, dict):
        message = error.get("message") or error.get("code") if isinstance(error, dict) else error
        return short(message or "the line holds no response")
    status, body = answered(response)
    if status == OK and isinstance(body, dict) and not is_error(body):
        return None
    told = error_of(status, body)
    return None if meaning_of(told) in ABOUT_THE_QUESTION else short(f"HTTP {status}: {told.message}")


def answered(response: Mapping[str, Any]) -> tuple[int, Any]:
    status = response.get("status_code")
    return status if isinstance(status, int) else 0, response.get("body")


def error_of(status: int, body: Any) -> ApiError:
    return read_error(status, body, json.dumps(body).encode())


def short(message: object) -> str:
    return " ".join(str(message).split())[:MAX_REASON]
