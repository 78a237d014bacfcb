"""The part that all APIs share: send a JSON payload, make sense of what comes back, learn an endpoint's quirks.

An API's own file lays out the payload and reads the reply; both are pure functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, NoReturn

from arena.errors import ServiceFault
from arena.messages import HttpAttempt, ModelReply, ModelRequest, Provider, Sampling, Usage
from arena.providers.http.retry import Verdict, excerpt
from arena.providers.http.transport import Transport
from arena.providers.quirks import (
    ApiError,
    ParameterQuirk,
    QuirkMemory,
    apply_quirk,
    find_quirk,
    meaning_of,
    read_error,
)
from arena.providers.settings import Access
from arena.records import Json

# JSON has no NaN; where a server writes one, null keeps our own files readable for everybody.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

MAX_DEPTH = 100
"""Replies nest some ten levels; walking or writing one of thousands would exhaust the interpreter's stack."""

NOT_JSON = object()
"""What parse_json returns for bytes that are no JSON document."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an API's file reads out of a good reply. `usage` is None where the server named none."""

    text: str
    finish: str
    model: str
    usage: Usage | None
    reasoning: str = ""
    notes: tuple[str, ...] = ()


class Unusable(Exception):
    """A reply with status 200 that does not hold what the API promises; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Api:
    """The pure functions of an API.

    `payload(request)` returns the JSON object to send and notes on what was left out.
    `read(value, request)` reads a reply; raises Unusable.
    `check(sampling)` raises ConfigError for what the API is known to refuse.
    """

    payload: Callable[[ModelRequest], tuple[dict[str, Json], tuple[str, ...]]]
    read: Callable[[dict[str, Json], ModelRequest], Reading]
    check: Callable[[Sampling], None] = lambda sampling: None


def parse_json(body: bytes) -> Any:
    """Return the JSON value in `body`, or NOT_JSON. Lone surrogates, which no file can hold, become U+FFFD."""
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return NOT_JSON
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _too_deep(value):
        return NOT_JSON
    return _repair(value) if b"\\ud" in body or b"\\uD" in body else value


def _too_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for node in level for item in _children(node)]
        if not level:
            return False
    return True


def _children(node: Json) -> Iterable[Json]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _repair(value: Json) -> Json:
    if isinstance(value, str):
        return _LONE_SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_repair(item) for item in value]
    if isinstance(value, dict):
        return {_repair(key): _repair(item) for key, item in value.items()}
    return value


class Answer(NamedTuple):
    """An accepted answer: the redacted JSON value, and either what was read out of it or the error it is."""

    value: Json
    reading: Reading | None
    error: ApiError | None


class HttpProvider(Provider):
    """A provider behind HTTP (messages.Provider): one endpoint of one API. Thread-safe."""

    offline = False

    def __init__(self, place: Access, api: Api, headers: Mapping[str, str], transport: Transport) -> None:
        self.name = place.endpoint.name
        self._place = place
        self._api = api
        self._transport = transport
        self._target = transport.prepare("POST", place.url, {"Content-Type": "application/json", **headers})
        self._quirks = QuirkMemory()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines that the door should print once, such as that certificates are not checked."""
        return self._transport.warnings

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._transport.close()

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise ConfigError where the API is known to refuse `sampling`: to be called before the first call."""
        self._api.check(sampling)

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask the model; see messages.Provider. Raises ConfigError where `check_sampling` would."""
        payload, notes = self._api.payload(request)
        learned = [quirk for quirk in self._quirks.known(request.model) if apply_quirk(payload, quirk)]
        attempts: tuple[HttpAttempt, ...] = ()
        while True:
            body = json.dumps(payload, separators=(",", ":")).encode("ascii")
            try:
                response = self._transport.send(self._target, body, partial(self._classify, request))
            except ServiceFault as fault:
                raise ServiceFault(fault.reason, f"{self.name}: {fault}", (*attempts, *fault.attempts)) from None
            answer: Answer = response.value
            attempts += response.attempts
            if answer.reading is not None:
                return _reply(request, answer.value, answer.reading, attempts, _noted(notes, learned))
            error = answer.error
            assert error is not None
            attempts = (*attempts[:-1], replace(attempts[-1], error=f"HTTP {response.status}: {error.message}"))
            if meaning_of(error) == "policy":
                reading = Reading("", "refusal", request.model, None, notes=(f"refused by policy: {error.message}",))
                return _reply(request, answer.value, reading, attempts, _noted(notes, learned))
            quirk = find_quirk(error, payload)
            if quirk is None or quirk in learned:
                self._give_up(request.model, response.status, error, attempts)
            apply_quirk(payload, quirk)
            self._quirks.learn(request.model, quirk)
            learned.append(quirk)

    def _classify(self, request: ModelRequest, status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
        redactor = self._transport.redactor
        value = parse_json(body)
        if not redactor.clean(body):
            value = value if value is NOT_JSON else redactor.json(value)
            body = redactor.text(body.decode("utf-8", "replace")).encode("utf-8", "replace")
        if status < 300 and not _is_error(value):
            if not isinstance(value, dict):
                return Verdict("retry", f"HTTP {status}: {_what_instead(headers, body)} instead of a JSON object")
            try:
                return Verdict("accept", value=Answer(value, self._api.read(value, request), None))
            except Unusable as problem:
                return Verdict("retry", f"HTTP {status}: unusable reply: {problem}")
        error = read_error(status, None if value is NOT_JSON else value, body)
        said = f"HTTP {status}: {error.message}" if status >= 300 else f"HTTP {status} with an error: {error.message}"
        if meaning_of(error) == "retry":
            return Verdict("retry", said)
        stored = body.decode("utf-8", "replace") if value is NOT_JSON else value
        return Verdict("accept", said, Answer(stored, None, error))

    def _give_up(self, model: str, status: int, error: ApiError, attempts: tuple[HttpAttempt, ...]) -> NoReturn:
        """Raise the fault for an error that another attempt would not cure, with what to do about it."""
        endpoint = self._place.endpoint
        base = " or ".join(endpoint.base_variables)
        advice = {
            "auth": f"check {endpoint.key_variable}",
            "quota": f"the account behind {endpoint.key_variable} has no quota or credit left; waiting does not help",
            "missing": f"check the model name {model!r} (names: {endpoint.models_from}), the address ({base}) and "
            f"whether {endpoint.key_variable} may use this model",
        }.get(meaning_of(error), f"the request was refused; model {model!r}, names: {endpoint.models_from}")
        raise ServiceFault("provider", f"{self.name}: HTTP {status}: {error.message} ({advice})", attempts)


def _is_error(value: Any) -> bool:
    """Tell whether a JSON body with a success status is really an error."""
    return isinstance(value, dict) and (bool(value.get("error")) or value.get("type") == "error")


def _what_instead(headers: Mapping[str, str], body: bytes) -> str:
    start = body[:512].lstrip().lower()
    kind = headers.get("content-type", "")
    if start.startswith((b"<!doctype", b"<html", b"<head")) or "text/html" in kind:
        return "an HTML page"
    if start.startswith((b"data:", b"event:")) or "text/event-stream" in kind:
        return "an event stream"
    return f"{excerpt(body, 80)!r}"


def _noted(notes: tuple[str, ...], learned: list[ParameterQuirk]) -> tuple[str, ...]:
    return (*notes, *(quirk.note for quirk in learned))


def _reply(
    request: ModelRequest, raw: Json, reading: Reading, attempts: tuple[HttpAttempt, ...], notes: tuple[str, ...]
) -> ModelReply:
    usage = reading.usage
    if usage is None:
        usage = _estimate(request, reading)
        notes += ("usage estimated",)
    return ModelReply(
        text=reading.text,
        finish=reading.finish,
        model=reading.model,
        usage=usage,
        reasoning=reading.reasoning,
        raw=raw,
        attempts=attempts,
        notes=notes + reading.notes,
    )


def _estimate(request: ModelRequest, reading: Reading) -> Usage:
    """Count tokens as characters / 4, rounded up (messages.Usage), where the server named none."""
    conversation = request.conversation
    asked = len(conversation.system) + sum(len(message.text) for message in conversation.messages)
    reasoning = -(-len(reading.reasoning) // 4)
    return Usage(-(-asked // 4), -(-len(reading.text) // 4) + reasoning, reasoning, estimated=True)


def count(value: Json) -> int | None:
    """Return a token count, or None where the server gave none that can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A number beyond any context window (such as 1e999, which reads as infinite) is no count.
    return int(value) if 0 <= value < 1e15 else None


def field_of(value: Json, *names: str) -> Json:
    """Follow `names` into nested objects; None where one is missing or no object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_of(value: Json) -> str:
    """Return a string as it is, anything else as the empty string."""
    return value if isinstance(value, str) else ""
