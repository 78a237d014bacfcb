"""The provider `mock`: deterministic players and a judge that need no network.

Models: `careful` (negotiates, calls the calculator, uses the results), `careless` (the same with documented mistakes),
`talker` and `hasher` (for benchmarks), `watchful` and `credulous` (both sides of a cheat, by heart); the judges `judge`
and `judge-noisy`. docs/mock-models.md says what each one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from arena.families.crypto.mock.by_heart import credulous, watchful
from arena.families.crypto.mock.judge import judge_reply
from arena.families.crypto.mock.judge_noisy import noisy_judge_reply
from arena.families.crypto.mock.player import CARELESS_RATES, NO_MISTAKES, next_message
from arena.families.crypto.mock.scene import CALL_PREFIX, RESULTS_PREFIX
from arena.messages import Message, ModelRequest
from arena.providers.mock import MockModel, MockProvider

TALK = tuple(
    f"{opening} {middle} Let us keep what each of us needs in view and say plainly who does what and when; then nobody "
    "has to rely on memory, and if something comes in between we know where we stood and can pick it up from there "
    "without starting anew."
    for opening in ("I have thought about it.", "That is a fair point.", "Let me put it this way.", "Good, go on.")
    for middle in ("We are closer than it looks.", "I can live with most of it.", "There is one thing left to sort.")
)
"""The texts of `talker` and `hasher`: about 300 bytes each."""


def _careful(system: str, messages: Sequence[Message], seed: str) -> str:
    return next_message(system, messages, seed, NO_MISTAKES)


def _careless(system: str, messages: Sequence[Message], seed: str) -> str:
    return next_message(system, messages, seed, CARELESS_RATES)


def _talker(system: str, messages: Sequence[Message], seed: str) -> str:
    return TALK[(int(seed[:6], 16) + len(messages)) % len(TALK)]


def _hasher(system: str, messages: Sequence[Message], seed: str) -> str:
    if messages and messages[-1].text.startswith(RESULTS_PREFIX):
        return _talker(system, messages, seed)
    return f'{CALL_PREFIX}: {{"op": "hash", "args": {{"alg": "sha256", "data": "utf8:turn {len(messages)}"}}}}}}'


def _player(speak: Callable[[str, Sequence[Message], str], str]) -> MockModel:
    return lambda request: speak(request.conversation.system, request.conversation.messages, request.seed)


def _noisy_judge(request: ModelRequest) -> str:
    return noisy_judge_reply(request.conversation.system, request.conversation.messages, request.seed, request.key.turn)


PLAYERS: Mapping[str, MockModel] = {
    "careful": _player(_careful),
    "careless": _player(_careless),
    "talker": _player(_talker),
    "hasher": _player(_hasher),
    "watchful": watchful,
    "credulous": credulous,
}
JUDGES: Mapping[str, MockModel] = {
    "judge": lambda request: judge_reply(request.conversation.system, request.conversation.messages),
    "judge-noisy": _noisy_judge,
}


def build(name: str, settings: object) -> MockProvider:
    """Return the provider `mock` with the models of this family. It has no settings."""
    return MockProvider(PLAYERS, JUDGES)
