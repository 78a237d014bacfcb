"""The part that all APIs share: send a JSON payload, interpret the answer, learn an endpoint's quirks.

An API's own file builds the payload and reads the reply; both are pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, NoReturn

from arena.errors import ContextExceeded, LimitExceeded, RequestFiltered, ServiceFault, SettingRefused
from arena.messages import HttpAttempt, ModelReply, ModelRequest, NativeCall, Provider, Sampling, Usage
from arena.providers.api_errors import ApiError, meaning_of, read_error
from arena.providers.bodies import NotJson, instead_of_object, is_error, parse_json
from arena.providers.http.pace import pace_for
from arena.providers.http.retry import AnswerVerdict, asked_in_text, retry_after_s
from arena.providers.http.targets import Rotation, Target
from arena.providers.http.transport import HttpResponse, Transport, ask_to_go_on
from arena.providers.quirks import USER_SETTINGS, Quirk, QuirkMemory, apply_quirk, find_quirk, refused_value
from arena.providers.reasoning import split
from arena.providers.refusals import Refusals, advice, other_server, tools_refused
from arena.providers.settings import Access
from arena.records import Json
from arena.settings.redaction import Redactor

ERROR_BYTES = 8192
"""Characters of an error that are searched for a wait: some errors quote another server."""

NOTHING_SAID = re.compile(r"(?:\s|[\u200b-\u200f\u2060\ufeff]|<\|\w{1,40}\|>|</?s>)*+")
"""Text without content: white space, characters without width, special tokens such as <|im_end|> and </s>."""

NO_ROOM = "context_exceeded"
"""The `finish` of a reply for which the conversation left no room: raised as ContextExceeded."""


class Reading(NamedTuple):
    """The parts of a good reply, as read by an API's file. `usage` is None if the server named none."""

    text: str
    finish: str
    model: str
    usage: Usage | None
    reasoning: str = ""
    notes: tuple[str, ...] = ()
    calls: tuple[NativeCall, ...] = ()


class Unusable(Exception):
    """A reply with status 200 that lacks what the API promises; the text says what is missing."""


class Layout(NamedTuple):
    """A request in an API's form. `notes`: changes that were made to it; `not_sent`: settings that the API lacks."""

    payload: dict[str, Json]
    notes: tuple[str, ...] = ()
    not_sent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Api:
    """The pure functions of an API.

    `payload(request)` builds a payload.  `read(value, request)` reads a reply; raises Unusable.
    `check(sampling)` raises ConfigError for values that the API is known to refuse.  `version`: if the API has several.
    """

    payload: Callable[[ModelRequest], Layout]
    read: Callable[[dict[str, Json], ModelRequest], Reading]
    check: Callable[[Sampling], None] = lambda sampling: None
    version: str | None = None


class Answer(NamedTuple):
    """An accepted answer: the redacted JSON value, and either the parts of the reply or the error."""

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
        settings = transport.settings
        targets = [
            transport.prepare("POST", place.url, {"Content-Type": "application/json", **headers, **key_headers})
            for key_headers in place.headers_by_key()
        ]
        self._target: Target | Rotation = targets[0] if len(targets) == 1 else Rotation(targets, settings.clock)
        self._pace = pace_for(self.name, settings.rpm, settings.tpm, settings.clock)
        self._quirks = QuirkMemory()
        self._refusals = Refusals()

    @property
    def api_version(self) -> str | None:
        """The version of the API, if it has several."""
        return self._api.version

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines for the command to print once, such as that certificates are not checked."""
        return self._transport.warnings

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._transport.close()

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise ConfigError if the API is known to refuse `sampling`: to be called before the first call."""
        self._api.check(sampling)

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask the model; see messages.Provider. Raises ConfigError if `check_sampling` would, too."""
        self._refusals.check(request)
        layout = self._api.payload(request)
        payload = layout.payload
        learned = [quirk for quirk in self._quirks.known(request.model) if apply_quirk(payload, quirk)]
        attempts: tuple[HttpAttempt, ...] = ()
        while True:
            response = self._send(request, payload, attempts)
            answer: Answer = response.value
            attempts += response.attempts
            if answer.reading is not None:
                if answer.reading.finish == NO_ROOM:
                    raise ContextExceeded(f"{self.name}: {request.model}: the context window left no room", attempts)
                return reply_of(request, answer, attempts, _sent(layout, learned), self._transport.redactor)
            error = answer.error
            assert error is not None
            attempts = (*attempts[:-1], replace(attempts[-1], error=f"HTTP {response.status}: {error.message}"))
            reading = reading_of_error(self.name, request, error, attempts)
            if reading is not None:
                answer = answer._replace(reading=reading)
                return reply_of(request, answer, attempts, _sent(layout, learned), self._transport.redactor)
            if self._without_key(response, error):
                continue
            path = refused_value(error, payload)
            if path is not None:
                self._refusals.refuse_value(request, USER_SETTINGS[path], f"{self.name}: {error.message}")
            quirk = find_quirk(error, payload)
            if quirk is None or quirk in learned:
                self._give_up(request, response.status, error, attempts)
            apply_quirk(payload, quirk)
            self._quirks.learn(request.model, quirk)
            learned.append(quirk)

    def _send(self, request: ModelRequest, payload: dict[str, Json], attempts: tuple[HttpAttempt, ...]) -> HttpResponse:
        body = request.conversation.written.json(payload).encode("ascii")
        pace = self._pace
        estimated = len(body) // 4 + (request.sampling.max_tokens or 0)
        admit = None if pace is None else partial(pace.slot_s, estimated)
        going_on = request.before_retry
        if attempts and going_on is not None:
            ask_to_go_on(going_on, attempts)
        try:
            response = self._transport.send(self._target, body, partial(self._classify, request), admit, going_on)
        except LimitExceeded as end:
            end.attempts = (*attempts, *end.attempts)
            raise
        except ServiceFault as fault:
            raise ServiceFault(fault.reason, f"{self.name}: {fault}", (*attempts, *fault.attempts)) from None
        if pace is not None:
            reading = response.value.reading
            usage = reading.usage if reading is not None else None
            pace.answered(estimated, estimated if usage is None else usage.prompt_tokens + usage.completion_tokens)
        return response

    def _classify(self, request: ModelRequest, status: int, headers: Mapping[str, str], body: bytes) -> AnswerVerdict:
        redactor = self._transport.redactor
        value = parse_json(body)
        if not redactor.clean(body):
            value = value if isinstance(value, NotJson) else redactor.json(value)
            body = redactor.text(body.decode("utf-8", "replace")).encode("utf-8", "replace")
        if status < 300 and not is_error(value):
            if not isinstance(value, dict):
                what, lasting = instead_of_object(headers, body, value)
                if lasting:
                    what += f" ({other_server(self._place.endpoint)})"
                return AnswerVerdict("fail" if lasting else "retry", f"HTTP {status}: {what}", may_be_billed=True)
            try:
                return AnswerVerdict("accept", value=Answer(value, self._api.read(value, request), None))
            except Unusable as problem:
                return AnswerVerdict("retry", f"HTTP {status}: unusable reply: {problem}", may_be_billed=True)
        error = read_error(status, None if isinstance(value, NotJson) else value, body)
        said = f"HTTP {status}: {error.message}" if status >= 300 else f"HTTP {status} with an error: {error.message}"
        meaning = meaning_of(error)
        if meaning in ("retry", "throttle", "loading"):
            asked = asked_in_text(body[:ERROR_BYTES].decode("utf-8", "replace"))
            if meaning == "throttle" and self._pace is not None:
                self._pace.throttled(asked or retry_after_s(headers, self._transport.settings.wall_clock()))
            throttled = meaning != "retry"
            return AnswerVerdict("retry", said, throttled=throttled, asked_s=asked, may_be_billed=status < 300)
        stored = body.decode("utf-8", "replace") if isinstance(value, NotJson) else value
        return AnswerVerdict("accept", said, Answer(stored, None, error))

    def _without_key(self, response: HttpResponse, error: ApiError) -> bool:
        """Stop using the key of a refused attempt if another one is left; return whether to try again with that."""
        if not isinstance(self._target, Rotation) or meaning_of(error) not in ("auth", "quota"):
            return False
        assert response.target is not None
        number, another, first = self._target.leave_out(response.target)
        notify = self._transport.settings.notify
        if first and notify is not None:
            keys = f"{self._place.endpoint.keys_variable}: key {number} of {len(self._target)}"
            notify(f"{keys} is refused and left out: HTTP {response.status}: {error.message}")
        return another

    def _give_up(
        self, request: ModelRequest, status: int, error: ApiError, attempts: tuple[HttpAttempt, ...]
    ) -> NoReturn:
        """Raise the exception for an error that another attempt would not cure, with advice."""
        if request.tools and tools_refused(error):
            raise SettingRefused(
                f"{self.name}: {request.model} takes no tools ({error.message}): play it with --tool-calls text"
            )
        what = advice(meaning_of(error), request.model, self._place.endpoint)
        raise ServiceFault("provider", f"{self.name}: HTTP {status}: {error.message} ({what})", attempts)


def reading_of_error(
    name: str, request: ModelRequest, error: ApiError, attempts: tuple[HttpAttempt, ...]
) -> Reading | None:
    """Return the reply that an error of the provider `name` stands for, or None.

    Errors: ContextExceeded, RequestFiltered if it ends the trial.
    """
    meaning = meaning_of(error)
    if meaning == "context":
        raise ContextExceeded(f"{name}: {request.model}: {error.message}", attempts)
    if meaning == "filter":
        raise RequestFiltered(f"{name}: the provider's content filter: {error.message}", attempts)
    if meaning == "refusal":
        return Reading("", "refusal", request.model, None, notes=(f"refused by policy: {error.message}",))
    if meaning == "generation":
        note = f"the server could not read the model's call: {error.message}"
        return Reading(error.generation or "", error.code.split()[0], request.model, None, notes=(note,))
    return None


def reply_of(
    request: ModelRequest, answer: Answer, attempts: tuple[HttpAttempt, ...], sent: Layout, redactor: Redactor
) -> ModelReply:
    """Return a model's reply from the parts of an answer: usage, reasoning separated, keys redacted, notes.

    `sent`: the request as it was sent.
    """
    reading, notes = answer.reading, sent.notes
    assert reading is not None
    usage = reading.usage
    if usage is None:
        usage = _estimate(request, reading)
        notes += ("usage estimated",)
    reading = _apart(reading)
    if reading.calls and not request.tools:
        notes += ("native tool calls, though none were offered",)
    clean = _redacted(reading, redactor)
    raw = answer.value
    if clean is not reading:
        raw, notes = None, (*notes, "raw not kept: a key stood across its parts")
    finish = clean.finish
    limit = request.sampling.max_tokens
    silent = not clean.text.strip() and not clean.calls
    if silent and finish in ("stop", "unknown") and limit is not None and usage.completion_tokens >= limit:
        finish, notes = "length", (*notes, f"called {finish}, but the limit of tokens was reached without a word")
    return ModelReply(
        clean.text, finish, clean.model, usage, clean.reasoning, raw, attempts, notes + clean.notes, clean.calls,
        sent.not_sent,
    )  # fmt: skip


def _apart(reading: Reading) -> Reading:
    """Separate reasoning from the text; text of only invisible characters and special tokens becomes empty."""
    if reading.text and NOTHING_SAID.fullmatch(reading.text):
        return reading._replace(text="")
    found = split(reading.text)
    if not found.found:
        return reading
    reasoning = "\n".join(part for part in (reading.reasoning, found.private) if part)
    return reading._replace(text=found.public, reasoning=reasoning, notes=(*reading.notes, "think block kept apart"))


def _redacted(reading: Reading, redactor: Redactor) -> Reading:
    """Redact text that was joined from parts: a key may extend across two of them. The same object if none does."""
    clean = reading._replace(
        text=redactor.text(reading.text),
        reasoning=redactor.text(reading.reasoning),
        notes=tuple([redactor.text(note) for note in reading.notes]),
        calls=tuple([call._replace(arguments=redactor.text(call.arguments)) for call in reading.calls]),
    )
    return reading if clean == reading else clean


def _sent(layout: Layout, learned: list[Quirk]) -> Layout:
    """Return a layout with the effects of learned refusals: notes, and the settings that were left out, sorted."""
    if not learned and not layout.not_sent:
        return layout
    left_out = {*layout.not_sent, *(quirk.not_sent for quirk in learned if quirk.not_sent is not None)}
    notes = (*layout.notes, *(quirk.note for quirk in learned))
    return Layout(layout.payload, notes, tuple(sorted(left_out)))


def _estimate(request: ModelRequest, reading: Reading) -> Usage:
    """Count tokens as characters / 4, rounded up (messages.Usage), because the server named none."""
    conversation = request.conversation
    asked = len(conversation.system) + sum(len(message.text) for message in conversation.messages)
    reasoning = -(-len(reading.reasoning) // 4)
    return Usage(-(-asked // 4), -(-len(reading.text) // 4) + reasoning, reasoning, estimated=True)
