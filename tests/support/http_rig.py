"""Shared by the HTTP tests: a clock that moves only when somebody sleeps, settings, requests, providers."""

from __future__ import annotations

from typing import Any

from arena.messages import CallKey, Conversation, ModelRequest, Sampling
from arena.providers import anthropic, chat, openai
from arena.providers.exchange import HttpProvider
from arena.providers.http.transport import TransportSettings
from tests.support.http_server import KEY, ModelServer

APIS = {"openai": "OPENAI", "openai-chat": "OPENAI_CHAT", "anthropic": "ANTHROPIC"}
"""One provider per API -> the beginning of its base-address variable."""

KEYS = {name: KEY for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ARENA_LOCAL_API_KEY")}


class FakeClock:
    """Seconds that pass only in `sleep`; `slept` lists the waits. `wall` is 2026-11-20 12:00:00 UTC plus that."""

    WALL = 1_795_176_000.0

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.WALL + self.now - 1000.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def settings_for(clock: FakeClock | None = None, **changes: Any) -> TransportSettings:
    """Settings with a fake clock, full-length waits (no jitter) and few retries; `changes` win."""
    clock = clock or FakeClock()
    fields: dict[str, Any] = {
        "environ": KEYS, "max_retries": 3, "backoff_base_s": 1.0, "backoff_cap_s": 8.0, "deadline_s": 100.0,
        "timeout_s": 30.0, "clock": clock, "wall_clock": clock.wall, "sleep": clock.sleep, "random": lambda: 1.0,
        **changes,
    }  # fmt: skip
    return TransportSettings(**fields)


def provider_on(server: ModelServer, name: str, clock: FakeClock | None = None, **changes: Any) -> HttpProvider:
    """Any HTTP provider on `server`; `environ` in `changes` adds variables."""
    module = next(one for one in (openai, anthropic, chat) if name in one.ENDPOINTS)
    row = module.ENDPOINTS[name]
    own = {row.key_variable: KEY, row.base_variables[0]: server.url}
    environ = {**KEYS, **own, **changes.pop("environ", {})}
    return module.build(name, settings_for(clock, environ=environ, **changes))


def question(text: str = "How are you?", sampling: Sampling | None = None, model: str = "m-1") -> ModelRequest:
    """A request with a system text and one user message."""
    conversation = Conversation("You are Alice.")
    conversation.add("user", text)
    return ModelRequest("model", model, conversation, sampling or Sampling(), CallKey("t", 0, "A", 0, 0), "0" * 64)
