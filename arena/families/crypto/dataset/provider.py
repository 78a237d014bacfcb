"""The provider `generated`: matches that a model wrote in one piece, played with the real calculator.

Models are paths of files of generated matches (generated.py). A seat says what was written for it, with every value
that the calculator or another seat has shown it in place of the invented one. What it says is a pure function of the
conversation, so a killed run continues unchanged.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from arena.errors import DataError, Issue, ServiceFault
from arena.families.crypto.dataset.generated import Generated, read, spoken_text
from arena.families.crypto.dataset.grounding import carried, pairs, replaced, values_of
from arena.families.crypto.mock.scene import RESULTS_PREFIX
from arena.families.crypto.script_values import View
from arena.messages import Message, ModelReply, ModelRequest, Provider, Usage
from arena.records import Json
from arena.store.rundir import file_digest


class GeneratedProvider(Provider):
    """Models are paths of files; each is read once. Thread-safe."""

    name = "generated"
    offline = True

    def __init__(self) -> None:
        self._files: dict[str, Mapping[str, Generated]] = {}
        self._lock = threading.Lock()

    def digest(self, model: str) -> str:
        """Return the SHA-256 of the file."""
        return file_digest(Path(model))

    def check_model(self, model: str, judging: bool) -> None:
        """Check the model. Errors: DataError if the file has no match or a malformed one; a judge has no generated
        replies."""
        if judging:
            raise DataError([Issue(model, "", "has matches but no verdicts; give another --judge-provider")])
        if not self._matches(model):
            raise DataError([Issue(model, "", "has no generated match")])

    def complete(self, request: ModelRequest) -> ModelReply:
        """Return the next message of the seat. ServiceFault (`provider`) if the file has no further message for it."""
        conversation, key = request.conversation, request.key
        made = self._matches(request.model).get(key.trial)
        name = Path(request.model).name
        if made is None:
            raise ServiceFault("provider", f"generated: {name} has no match for {key.trial}")
        steps = made.of(key.seat)
        index = sum(message.role == "assistant" for message in conversation.messages)
        if index >= len(steps):
            raise ServiceFault("provider", f"generated: {name} holds {len(steps)} messages for {key.seat!r}")
        known = _known(made, key.seat, conversation.system, conversation.messages)
        text = replaced(steps[index].message, known)
        usage = Usage((conversation.chars + 3) // 4, (len(text) + 3) // 4, 0, True)
        return ModelReply(text, "stop", name, usage)

    def _matches(self, model: str) -> Mapping[str, Generated]:
        with self._lock:
            found = self._files.get(model)
            if found is None:
                found = self._files[model] = {made.key: made for made in read(Path(model))}
            return found

    def close(self) -> None:
        """Nothing to close."""


def _known(made: Generated, seat: str, system: str, messages: Sequence[Message]) -> dict[str, str]:
    """Return invented value -> true value, as far as the seat can know it from its conversation."""
    known: dict[str, str] = {}
    invented = values_of([result for step in made.steps for result in step.results])
    for role, texts in View(system, messages).heard.items():
        public = [spoken_text(step) for step in made.of(role) if not step.results]
        for written, heard in zip(public, texts, strict=False):
            known |= carried(written, heard, invented)
    own = [result for step in made.of(seat) for result in step.results]
    for result, true in zip_longest(own, _answers(messages)[: len(own)]):
        known |= dict(pairs(result, true))
    return known


def _answers(messages: Sequence[Message]) -> list[Json]:
    """Return the result of each answered call of the seat in order, None for one that failed."""
    found: list[Json] = []
    for sender, text in messages:
        if sender != "assistant" and text.startswith(RESULTS_PREFIX):
            for line in text.split("\n"):
                if line.startswith("{"):
                    answer = json.loads(line)
                    found.append(answer.get("result") if answer.get("ok") is True else None)
    return found


def build(name: str, settings: object) -> GeneratedProvider:
    """Return the provider; there is nothing to set."""
    return GeneratedProvider()
