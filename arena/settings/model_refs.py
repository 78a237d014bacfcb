"""The models that play the roles, and the model that judges.

A player's model is never the default judge: a model grades itself too well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import UsageError
from arena.formats.suggest import suggest
from arena.settings.table import JUDGE, PLAYERS, PROVIDERS, MockModels


class ModelRef(NamedTuple):
    """A provider's name and the model it is asked for; as text `provider/model`."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"

    @property
    def shown(self) -> ModelRef:
        """The name of the model in results: only the last part of a path, because a run directory holds no absolute
        path."""
        path = PROVIDERS[self.provider].model_is_path
        return ModelRef(self.provider, Path(self.model).name) if path else self


@dataclass(frozen=True, slots=True)
class Players:
    """The players: `by_role` for the roles with a model of their own, `default` for all others."""

    default: ModelRef
    by_role: Mapping[str, ModelRef]

    def of(self, role: str) -> ModelRef:
        return self.by_role.get(role, self.default)

    @property
    def offline(self) -> bool:
        """Return whether every player is offline (mock, scripted, replay)."""
        return all(PROVIDERS[ref.provider].offline for ref in (self.default, *self.by_role.values()))


class Panel(NamedTuple):
    """Judges, each asked `repetitions` times about a match; usually one judge, once."""

    judges: tuple[ModelRef, ...]
    repetitions: int

    def __str__(self) -> str:
        """The name of the judges in results: `mock/judge x3 + local/judge x3`."""
        times = f" x{self.repetitions}" if self.repetitions > 1 else ""
        return " + ".join(f"{ref.shown}{times}" for ref in self.judges)

    @property
    def labels(self) -> list[str]:
        """The judge of each question about a match, in the order of the questions: each once, then all again."""
        return [str(ref.shown) for ref in self.judges] * self.repetitions


_WITH_PROVIDER = ("--participant-model", "--judge-model")
"""Flags whose provider another flag may name."""


def split_model(provider: str | None, model: str, flag: str) -> tuple[str, str]:
    """Return provider and model; `provider` is None if no flag for it was given.

    The first segment is split off only if no provider was given and it names one, so ids such as `accounts/x/models/y`
    survive.
    Raises UsageError when neither names a provider, or when the two contradict each other.
    """
    head, slash, rest = model.partition("/")
    if provider is None:
        if head in PROVIDERS and (rest or not slash):
            return head, rest
        near = suggest(head, PROVIDERS)
        beside = f" or add {flag.removesuffix('-model')}-provider" if flag in _WITH_PROVIDER else ""
        raise UsageError(f"{flag} {model}: no provider{near}; write {flag} PROVIDER/MODEL{beside} ({_names()})")
    if not slash or head not in PROVIDERS:
        return provider, model
    if PROVIDERS[provider].free_ids and (PROVIDERS[provider].model_is_path or not PROVIDERS[head].offline):
        return provider, model
    if head != provider:
        kind = flag.removesuffix("-model") + "-provider"
        raise UsageError(
            f"{flag} {model} names the provider {head}, but {kind} is {provider}: add {kind} {head}, or drop {head}/"
        )
    return provider, rest


def players(values: Mapping[str, Any], mocks: MockModels) -> Players:
    """Return the players from the settings of their block; `mocks` play if the provider `mock` has no model.

    Raises UsageError for a missing provider or model.
    """
    provider = values["participant_provider"]
    default = _complete(provider, values["participant_model"], "participant", _fallback(provider, mocks.player))
    by_role = {}
    for role, text in values["role_model"]:
        flag = f"--role-model {role}="
        head, _, model = text.partition("/")
        if head not in PROVIDERS:
            raise UsageError(
                f"{flag}{text}: unknown provider {head!r}{suggest(head, PROVIDERS)}; there are: {_names()}"
            )
        fallback = _fallback(head, mocks.player)
        if not model and not fallback:
            raise UsageError(f"{flag}{text}: the {PROVIDERS[head].model_is} is missing; write {flag}{head}/MODEL")
        by_role[role] = ModelRef(head, model or fallback)
    return Players(default, by_role)


def judge(values: Mapping[str, Any], mocks: MockModels, players_offline: bool) -> ModelRef:
    """Return the judge: the given one, else the mock judge if every player is offline. Raises UsageError without
    either."""
    provider = values["judge_provider"]
    if provider is not None:
        return _complete(provider, values["judge_model"], "judge", _fallback(provider, mocks.judge))
    if players_offline and mocks.judge:
        return ModelRef("mock", mocks.judge)
    raise UsageError(
        "no judge: give --judge-provider and --judge-model (or --judge-model PROVIDER/MODEL); "
        "the players' model never judges itself"
    )


def judge_ref(text: str, mocks: MockModels) -> ModelRef:
    """Return one judge of a panel, given as `--judge provider/model`. Raises UsageError for a missing part."""
    provider, model = split_model(None, text, "--judge")
    return _complete(provider, model or None, "judge", _fallback(provider, mocks.judge))


def _fallback(provider: str, mock: str) -> str:
    return mock if provider == "mock" else ""


def _complete(provider: str, model: str | None, who: str, fallback: str) -> ModelRef:
    if model or fallback:
        return ModelRef(provider, model or fallback)
    block = PLAYERS if who == "participant" else JUDGE
    setting = next(row for row in block if row.name == f"{who}_model")
    applies = setting.env_if is not None and provider in setting.env_if[1]
    variable = f" or set {setting.env}" if applies else ""
    what = PROVIDERS[provider].model_is
    raise UsageError(f"the {who} provider {provider} needs a {what}: give --{who}-model{variable}")


def _names() -> str:
    return ", ".join(PROVIDERS)
