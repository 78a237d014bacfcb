"""The request to a model and its reply: Conversation, ModelRequest, ModelReply.

A conversation only grows, and carries a running digest, so that neither logs nor digests are quadratic in its length.
Objects made for every call are NamedTuples: immutable like a frozen dataclass, and made in a quarter of the time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from arena.formats.json_text import AsciiTexts
from arena.formats.json_types import Json
from arena.transcripts import CallKind


class NativeCall(NamedTuple):
    """A call that a model made in its provider's own form. `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


class NativeResult(NamedTuple):
    """The answer to a NativeCall, by its id."""

    id: str
    text: str


class Tool(NamedTuple):
    """An op as it is offered to a model in its provider's own form; `parameters` is a JSON schema of the arguments."""

    name: str
    description: str
    parameters: dict[str, Json]


class Message(NamedTuple):
    """One message of a conversation; `role` is `user` or `assistant` (the system text is separate)."""

    role: str
    text: str


class NativeMessage(Message):
    """A message of a conversation with native tool calling.

    An assistant message may carry `calls`, and the next user message their `results`.
    """

    calls: tuple[NativeCall, ...]
    results: tuple[NativeResult, ...]

    def __new__(
        cls, role: str, text: str, calls: tuple[NativeCall, ...] = (), results: tuple[NativeResult, ...] = ()
    ) -> NativeMessage:
        made = super().__new__(cls, role, text)
        made.calls, made.results = calls, results
        return made


class Conversation:
    """A system text and an append-only list of messages, with a running SHA-256 over all of them.

    Providers get `messages` itself: they read it and never change it.  `chars` counts all characters.  `written`: what
    a provider wrote of it as JSON, so that it writes every text once.
    """

    __slots__ = ("system", "messages", "chars", "written", "_hash")

    def __init__(self, system: str) -> None:
        self.system = system
        self.messages: list[Message] = []
        self.chars = 0
        self.written = AsciiTexts()
        self._hash = hashlib.sha256(b"arena-conversation/1\0")
        self._feed("system", system)

    def _feed(self, role: str, text: str) -> None:
        # Length-prefixed, so that no two different conversations feed the same bytes.
        data = text.encode("utf-8", "surrogatepass")
        self.chars += len(text)
        self._hash.update(b"%s %d\n%s" % (role.encode(), len(data), data))

    def add(
        self, role: str, text: str, calls: tuple[NativeCall, ...] = (), results: tuple[NativeResult, ...] = ()
    ) -> None:
        """Append one message; see NativeMessage for `calls` and `results`."""
        native = calls or results
        self.messages.append(NativeMessage(role, text, calls, results) if native else Message(role, text))
        self._feed(role, text)
        for call in calls:
            self._feed("call", "\0".join(call))
        for result in results:
            self._feed("result", "\0".join(result))

    def digest(self) -> str:
        """Return 32 hex digits that identify system text and messages."""
        return self._hash.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling settings of a model; None: not sent, so the server's default applies."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    reasoning_effort: str | None = None


class CallKey(NamedTuple):
    """The place of a call in a run. `step` counts the calls of one turn (tool rounds and re-asks alike)."""

    trial: str
    attempt: int
    seat: str
    turn: int
    step: int


class ModelRequest(NamedTuple):
    """One question to a model. `kind` is `model` (a player) or `judge`; `seed` are the trial's 64 hex digits.

    `tools` are offered in the provider's own form; without them calls are part of the text, if any are made.
    `schema`: a JSON schema (an object that allows no further keys) that the endpoint should enforce for the answer; if
    it cannot, the schema is left out and noted.
    `before_retry`: called with a failed attempt before another one is made; if it raises TrialEnded, the call ends with
    the attempts so far.
    """

    kind: CallKind
    model: str
    conversation: Conversation
    sampling: Sampling
    key: CallKey
    seed: str
    tools: tuple[Tool, ...] = ()
    schema: dict[str, Json] | None = None
    before_retry: Callable[[HttpAttempt], None] | None = None


class Usage(NamedTuple):
    """Token counts; `estimated` when the server named none and they were counted as characters / 4, rounded up.

    `completion_tokens` include `reasoning_tokens`, and `prompt_tokens` include `cached_prompt_tokens` (read from a
    cache) and `cache_write_tokens` (written to one), even if the server counts them separately.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    cached_prompt_tokens: int = 0
    cache_write_tokens: int = 0

    def plus(self, other: Usage) -> Usage:
        """Return the sum of both; estimated if one of them is."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.estimated or other.estimated,
            self.cached_prompt_tokens + other.cached_prompt_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )

    def times(self, number: int) -> Usage:
        """Return the use of this many calls of this size."""
        return Usage(
            self.prompt_tokens * number,
            self.completion_tokens * number,
            self.reasoning_tokens * number,
            self.estimated,
            self.cached_prompt_tokens * number,
            self.cache_write_tokens * number,
        )


@dataclass(frozen=True, slots=True)
class HttpAttempt:
    """One HTTP attempt of a call: status (None: no answer), milliseconds, the problem, the wait that followed.

    `may_be_billed`: the request reached the server, but its cost is unknown (cut, timed out, unreadable).
    """

    status: int | None
    ms: float
    error: str | None = None
    wait_ms: float = 0.0
    may_be_billed: bool = False


class ModelReply(NamedTuple):
    """A model's answer, normalised.

    `finish`: `stop`, `length`, `refusal`, or otherwise the server's own word.  `text` may be empty.
    `reasoning` is separate from `text`.  `raw`: the body as received (None for offline providers), known keys
    redacted.  `notes`: changes by the transport (a parameter dropped, usage estimated), each a short phrase.
    `calls`: calls in the provider's own form, even if no tools were offered (then noted).
    `not_sent`: requested settings that were left out because the API or the model refuses them: names of Sampling, and
    `schema`.
    """

    text: str
    finish: str
    model: str
    usage: Usage
    reasoning: str = ""
    raw: Json = None
    attempts: tuple[HttpAttempt, ...] = ()
    notes: tuple[str, ...] = ()
    calls: tuple[NativeCall, ...] = ()
    not_sent: tuple[str, ...] = ()

    @property
    def may_be_billed(self) -> int:
        """Failed attempts before this answer that may have cost something that `usage` does not include."""
        return sum(attempt.may_be_billed for attempt in self.attempts)


class ToolRecording(Protocol):
    """Recorded tool calls of another run (providers/replay.py), and its description of the tools for players."""

    def tools_text(self) -> str | None: ...

    def tool(self, key: CallKey, index: int, op: str, args: Json) -> ToolAnswer: ...


class Provider(Protocol):
    """One way to reach models. Thread-safe: many workers call `complete` at once.

    Inherit from it: all methods except `complete` have defaults. `complete` raises ServiceFault (`timeout` or
    `provider`) if no usable answer came after the allowed retries, with the HttpAttempts made in `attempts`;
    ContextExceeded if the conversation does not fit the model, RequestFiltered if the provider's filter refuses it;
    ConfigError if the server refuses a value that the user set.
    """

    name: str
    offline: bool
    """True if no call leaves the process (mock, scripted, replay): calls cost nothing."""

    def complete(self, request: ModelRequest) -> ModelReply: ...

    @property
    def api_version(self) -> str | None:
        """The version of the API, if it has several: it may change how a model plays."""
        return None

    @property
    def warnings(self) -> Sequence[str]:
        """Warnings for the user before the first call."""
        return ()

    def check_model(self, model: str, judging: bool) -> None:
        """Check the name of a model (or judge). Errors: ConfigError, DataError if it is known not to exist."""
        return

    def check_sampling(self, sampling: Sampling) -> None:
        """Check sampling settings. Errors: ConfigError if the API is known to refuse them."""
        return

    def recording(self, model: str) -> ToolRecording | None:
        """Return the source of the tool calls of this model's seats; None: the run's own tools."""
        return None

    def digest(self, model: str) -> str | None:
        """Return the SHA-256 of the file behind the model; None if there is none."""
        return None

    def close(self) -> None:
        """Release the provider's resources."""
        return


class ToolAnswer(NamedTuple):
    """The calculator's answer to one request: the parsed JSON object and its duration."""

    answer: dict[str, Json]
    ms: float
    attempts: tuple[HttpAttempt, ...] = ()


ToolCall = tuple[str, Json, str]
"""Op, arguments and seed of a call of the calculator."""


class Calculator(Protocol):
    """One way to reach the calculator. Thread-safe.

    `call` takes `op`, `args` and the seed for this call (hex; ignored by carriers without seeded mode) and returns the
    answer, even if the answer is `ok: false`; it raises ServiceFault (`timeout` or `calculator`) if none came.
    `catalogue` returns the list of the op `ops`. `identity` has provider, version, digest, number of ops.
    """

    name: str
    seeded: bool

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer: ...

    def catalogue(self) -> list[dict[str, Json]]: ...

    def identity(self) -> dict[str, Json]: ...

    def close(self) -> None: ...
