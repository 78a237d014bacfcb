"""The provider `mock`: models that are functions of their input. A family brings its own models.

Deterministic and offline; thread-safe because it has no state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from arena.errors import ConfigError, ServiceFault
from arena.formats.suggest import suggest
from arena.messages import ModelReply, ModelRequest, Provider, Usage
from arena.records import Stop

MockModel = Callable[[ModelRequest], str]
"""A request -> the text of the reply."""


class MockProvider(Provider):
    """Serves mock models by name: some play, some judge."""

    name = "mock"
    offline = True

    def __init__(self, players: Mapping[str, MockModel], judges: Mapping[str, MockModel]) -> None:
        self._players, self._judges = players, judges

    def check_model(self, model: str, judging: bool) -> None:
        """Errors: ConfigError when there is no such player, or no such judge."""
        problem = self._problem(model, judging)
        if problem:
            raise ConfigError(problem)

    def _problem(self, model: str, judging: bool) -> str:
        models = self._judges if judging else self._players
        if model in models:
            return ""
        who = "judges" if judging else "players"
        return f"mock has no model {model!r} among its {who}{suggest(model, models)}; there are: {', '.join(models)}"

    def complete(self, request: ModelRequest) -> ModelReply:
        """Return the model's message; ServiceFault (`provider`) for a model that does not exist for this purpose."""
        judging = request.kind == "judge"
        problem = self._problem(request.model, judging)
        if problem:
            raise ServiceFault(Stop.PROVIDER, problem)
        text = (self._judges if judging else self._players)[request.model](request)
        usage = Usage((request.conversation.chars + 3) // 4, (len(text) + 3) // 4, 0, True)
        return ModelReply(text, "stop", request.model, usage)
