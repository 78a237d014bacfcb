"""The provider `mock`: deterministic players and a judge that need no network.

Models: `careful` (negotiates, calls the calculator, uses the results), `careless` (the same with documented mistakes),
`talker` and `hasher` (for benchmarks); the judges `judge` and `judge-noisy`. docs/mock-models.md says what each one
does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arena.errors import ConfigError, ServiceFault
from arena.families.crypto.mock.judge import judge_reply
from arena.families.crypto.mock.judge_noisy import noisy_judge_reply
from arena.families.crypto.mock.player import CARELESS_RATES, NO_MISTAKES, next_message
from arena.families.crypto.mock.scene import CALL_PREFIX, RESULTS_PREFIX
from arena.messages import Message, ModelReply, ModelRequest, Usage

TALK = tuple(
    f"{opening} {middle} Let us keep what each of us needs in view and say plainly who does what and when; then nobody "
    "has to rely on memory, and if something comes in between we know where we stood and can pick it up from there "
    "without starting anew."
    for opening in ("I have thought about it.", "That is a fair point.", "Let me put it this way.", "Good, go on.")
    for middle in ("We are closer than it looks.", "I can live with most of it.", "There is one thing left to sort.")
)
"""What `talker` and `hasher` say: about 300 bytes each."""


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


def _judge(system: str, messages: Sequence[Message], seed: str, question: int) -> str:
    return judge_reply(system, messages)


PLAYERS: dict[str, Callable[[str, Sequence[Message], str], str]] = {
    "careful": _careful,
    "careless": _careless,
    "talker": _talker,
    "hasher": _hasher,
}
JUDGES: dict[str, Callable[[str, Sequence[Message], str, int], str]] = {
    "judge": _judge,
    "judge-noisy": noisy_judge_reply,
}
"""Name -> (system text, messages, the trial's seed, number of the question) -> verdict."""


class MockProvider:
    """See the module; thread-safe because it holds nothing."""

    name = "mock"
    offline = True

    def check_model(self, model: str, judging: bool) -> None:
        """Errors: ConfigError when there is no such player, or no such judge."""
        models = JUDGES if judging else PLAYERS
        if model not in models:
            raise ConfigError(
                f"mock has no model {model!r} among its {'judges' if judging else 'players'}: {', '.join(models)}"
            )

    def complete(self, request: ModelRequest) -> ModelReply:
        """Return the model's message; ServiceFault (`provider`) for a model that does not exist in this place."""
        model, judging, conversation = request.model, request.kind == "judge", request.conversation
        if model not in (JUDGES if judging else PLAYERS):
            who, models = ("judges", [*JUDGES]) if judging else ("players", [*PLAYERS])
            raise ServiceFault("provider", f"mock has no model {model!r} among its {who}: {', '.join(models)}")
        if judging:
            text = JUDGES[model](conversation.system, conversation.messages, request.seed, request.key.turn)
        else:
            text = PLAYERS[model](conversation.system, conversation.messages, request.seed)
        return ModelReply(text, "stop", model, Usage((conversation.chars + 3) // 4, (len(text) + 3) // 4, 0, True))

    def close(self) -> None:
        """Nothing to close."""


def build(name: str, settings: object) -> MockProvider:
    """Return the provider; `name` is `mock`, and there is nothing to set."""
    return MockProvider()
