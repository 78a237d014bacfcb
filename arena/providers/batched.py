"""A model that is asked by files: batches in OpenAI's form (batch_lines.py).

A request is the payload that would be sent to the model over HTTP, and the same function reads the answer, so both ways
give the same reply.
"""

from __future__ import annotations

from collections.abc import Callable

from arena.errors import JudgePending, ServiceFault
from arena.messages import ModelReply, ModelRequest, Provider, Sampling
from arena.providers.batch_lines import AWAITED, OK, BatchAnswers, custom_id, error_of, short
from arena.providers.bodies import is_error
from arena.providers.exchange import Answer, Api, Unusable, reading_of_error, reply_of
from arena.providers.replay import Recording
from arena.records import Json
from arena.settings.redaction import Redactor
from arena.settings.table import PROVIDERS

NOTE = "answered in a batch"


def build(name: str, api: Api, redactor: Redactor, given: BatchAnswers | None) -> BatchedModel:
    """Return the provider `name` (a row of PROVIDERS that supports batches); `given`: None if there are no answers yet.

    Errors: as of Recording.
    """
    return BatchedModel(name, api, redactor, given)


class BatchedModel(Provider):
    """A provider whose requests go into a batch file, and whose answers come from one. Thread-safe.

    Answers come from the journal of the run that asked, then from the files; a question without one raises
    JudgePending. `sink`: takes each such request, as a line of a batch file.
    """

    offline = False

    def __init__(
        self,
        name: str,
        api: Api,
        redactor: Redactor,
        given: BatchAnswers | None,
        sink: Callable[[dict[str, Json]], None] | None = None,
    ) -> None:
        self.name, self._api, self._redactor, self._sink = name, api, redactor, sink
        self._answers = None if given is None else given.files
        self._recorded = None if given is None else Recording(given.source)

    def collecting(self, sink: Callable[[dict[str, Json]], None]) -> BatchedModel:
        """Return the same provider without answers, which passes each request to `sink`."""
        return BatchedModel(self.name, self._api, self._redactor, None, sink)

    def check_sampling(self, sampling: Sampling) -> None:
        self._api.check(sampling)

    def complete(self, request: ModelRequest) -> ModelReply:
        """Return the answer of the batch. Errors: JudgePending without one; else as of messages.Provider."""
        name = custom_id(request)
        if self._recorded is not None:
            reply = _recorded(self._recorded, request)
            if reply is not None:
                return reply
        found = None if self._answers is None else self._answers.response(name)
        if found is not None:
            return self._read(request, *found)
        if self._sink is not None:
            payload = self._api.payload(request).payload
            self._sink({"custom_id": name, "method": "POST", "url": PROVIDERS[self.name].batch, "body": payload})
        raise JudgePending(AWAITED if self._answers is None else self._answers.why_none(name))

    def _read(self, request: ModelRequest, status: int, found: Json) -> ModelReply:
        """Return an answer as a reply. Errors: JudgePending if it cannot be read."""
        body = self._redactor.json(found)
        if status == OK and not is_error(body):
            try:
                reading = self._api.read(body, request)
            except Unusable as problem:
                raise JudgePending(f"the batch has no usable answer: {problem}") from None
        else:
            told = error_of(status, body)
            error_reading = reading_of_error(self.name, request, told, ())
            if error_reading is None:
                raise JudgePending(f"the batch has no answer: {short(told.message)}")
            reading = error_reading
        reply = reply_of(request, Answer(body, reading, None), (), self._api.payload(request), self._redactor)
        return reply._replace(notes=(*reply.notes, NOTE))


def _recorded(recording: Recording, request: ModelRequest) -> ModelReply | None:
    try:
        return recording.reply(request)
    except ServiceFault:  # not asked there, or another question was asked
        return None
