"""Several keys in turn, refused ones left out; requests and tokens a minute, slower after a 429."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from arena.errors import ConfigError, ServiceFault
from arena.messages import Sampling
from arena.providers import chat
from arena.providers.http.pace import SLOWEST, Pace, pace_for
from arena.settings.redaction import Redactor
from tests.support.http_rig import FakeClock, provider_on, question, settings_for
from tests.support.http_server import KEY, ModelServer, Scripted

KEYS = ("first-key-0001", "second-key-002", "third-key-0003")
TAKEN = Scripted(edit=lambda reply: None, unchecked=True)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def provider(server: ModelServer, keys: tuple[str, ...] = KEYS, clock: FakeClock | None = None, **changes: Any) -> Any:
    environ = {"GROQ_API_KEYS": ", ".join(keys), "GROQ_BASE_URL": server.url}
    return chat.build("groq", settings_for(clock, environ=environ, **changes))


def used(server: ModelServer) -> list[str]:
    return [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.seen]


def refused(status: int = 401, message: str = "bad key", code: str | None = None, **more: Any) -> Scripted:
    return Scripted(status, {"error": {"message": message, "code": code}}, unchecked=True, **more)


def test_keys_are_used_in_turn(server: ModelServer) -> None:
    server.script(*[TAKEN] * 4)
    groq = provider(server)
    for _ in range(4):
        groq.complete(question())
    assert used(server) == [*KEYS, KEYS[0]]


def test_the_single_key_comes_first_and_none_twice(server: ModelServer) -> None:
    server.script(*[TAKEN] * 3)
    environ = {"GROQ_API_KEY": KEYS[2], "GROQ_API_KEYS": f"{KEYS[0]} {KEYS[2]}", "GROQ_BASE_URL": server.url}
    groq = chat.build("groq", settings_for(environ=environ))
    for _ in range(3):
        groq.complete(question())
    assert used(server) == [KEYS[2], KEYS[0], KEYS[2]]


@pytest.mark.parametrize("refusal", [refused(401), refused(403), refused(429, "no", "insufficient_quota")])
def test_a_refused_key_is_left_out_with_a_warning(server: ModelServer, refusal: Scripted) -> None:
    lines: list[str] = []
    server.script(refusal, *[TAKEN] * 4)
    groq = provider(server, notify=lines.append)
    for _ in range(4):
        groq.complete(question())
    assert used(server) == [KEYS[0], KEYS[1], KEYS[2], KEYS[1], KEYS[2]]
    assert len(lines) == 1 and lines[0].startswith("GROQ_API_KEYS: key 1 of 3 is refused and left out: HTTP ")
    assert not any(key in lines[0] for key in KEYS)


def test_when_every_key_is_refused_the_call_ends(server: ModelServer) -> None:
    server.script(*[refused()] * 3)
    with pytest.raises(ServiceFault, match="check GROQ_API_KEY") as caught:
        provider(server).complete(question())
    assert used(server) == list(KEYS) and len(caught.value.attempts) == 3


def test_a_throttled_key_rests_while_another_goes_on(server: ModelServer) -> None:
    server.script(refused(429, "slow", headers={"Retry-After": "60"}), *[TAKEN] * 5)
    clock = FakeClock()
    groq = provider(server, KEYS[:2], clock)
    groq.complete(question())
    assert clock.slept == [1.0], "only the back-off: the other key need not wait for the first"
    groq.complete(question())
    clock.now += 60
    for _ in range(2):
        groq.complete(question())
    assert used(server) == [KEYS[0], KEYS[1], KEYS[1], KEYS[0], KEYS[1]]


def test_when_all_keys_are_throttled_the_call_waits(server: ModelServer) -> None:
    server.script(*[refused(429, "slow", headers={"Retry-After": "30"})] * 2, TAKEN)
    clock = FakeClock()
    provider(server, KEYS[:2], clock, random=lambda: 0.0).complete(question())
    assert clock.slept == [0.5, 30.0]


def test_each_of_several_keys_is_redacted(server: ModelServer) -> None:
    def talk(reply: dict[str, Any]) -> None:
        reply["choices"][0]["message"]["content"] = " ".join(KEYS)

    server.script(Scripted(edit=talk, unchecked=True))
    assert provider(server).complete(question()).text == "[redacted] [redacted] [redacted]"
    assert Redactor.from_environ({"X_API_KEYS": ",".join(KEYS)}).text(KEYS[1]) == "[redacted]"


def test_a_damaged_key_among_several_is_named_by_its_variable() -> None:
    with pytest.raises(ConfigError, match="GROQ_API_KEYS holds") as caught:
        chat.build("groq", settings_for(environ={"GROQ_API_KEYS": "good-key-0000,schlüssel"}))
    assert "schl" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [("local", "ARENA_LOCAL_KEY_HEADER", "api-key"), ("openai", "OPENAI_KEY_HEADER", "api-key"),
     ("openai-chat", "OPENAI_KEY_HEADER", " api-key ")],
)  # fmt: skip
def test_the_header_of_the_key_is_a_setting(server: ModelServer, name: str, variable: str, value: str) -> None:
    provider_on(server, name, environ={variable: value}).complete(question())
    headers = server.seen[0].headers
    assert headers["api-key"] == KEY and "authorization" not in headers and server.refused == []


# Pace


def test_requests_are_spread_over_the_minute() -> None:
    clock = FakeClock()
    pace = Pace(60, None, clock)
    assert [pace.slot_s(10) for _ in range(4)] == [0, 1, 2, 3]
    clock.now += 10
    assert pace.slot_s(10) == 0, "what was not used is not saved up"


def test_tokens_are_spread_over_the_minute_and_corrected() -> None:
    pace = Pace(None, 6000, FakeClock())
    assert [pace.slot_s(1000), pace.slot_s(500), pace.slot_s(1)] == [0, 10, 15]
    pace.answered(1000, 200)
    assert pace.slot_s(1) == pytest.approx(7.01)


def test_a_429_halves_the_pace_and_answers_give_it_back() -> None:
    clock = FakeClock()
    pace = Pace(60, None, clock)
    pace.throttled(None)
    pace.throttled(None)
    assert pace.share == 0.5, "calls in flight are refused for the same reason"
    for _ in range(9):
        clock.now += 10
        pace.throttled(None)
    assert pace.share == SLOWEST
    for _ in range(20):
        pace.answered(0, 0)
    assert pace.share == 1.0


def test_nothing_starts_before_the_server_allows_it() -> None:
    pace = Pace(60, None, FakeClock())
    pace.throttled(20.0)
    assert pace.slot_s(1) == 20.0


@pytest.mark.parametrize(
    ("rpm", "expected"),
    [((), None), (("30",), 2.0), (("groq=60",), 1.0), (("30", "groq=60"), 1.0), (("openai=5",), None)],
)  # fmt: skip
def test_limits_are_read_per_provider(rpm: tuple[str, ...], expected: float | None) -> None:
    pace = pace_for("groq", rpm, (), FakeClock())
    if expected is None:
        assert pace is None
    else:
        assert pace is not None
        pace.slot_s(0)
        assert pace.slot_s(0) == expected


@pytest.mark.parametrize("word", ["0", "-1", "many", "nan", "groq=", "=5", "nobody=5", ""])
def test_an_unreadable_limit_is_refused_by_its_flag(word: str) -> None:
    with pytest.raises(ConfigError, match="--tpm"):
        pace_for("groq", (), (word,), FakeClock())


def test_calls_keep_the_pace_and_the_deadline_does_not_count_it(server: ModelServer) -> None:
    clock = FakeClock()
    local = provider_on(server, "local", clock, rpm=("6",), deadline_s=5.0, timeout_s=5.0)
    for _ in range(3):
        local.complete(question(sampling=Sampling(max_tokens=50)))
    assert clock.slept == [10.0, 10.0]


def test_a_429_holds_the_calls_that_follow_as_well(server: ModelServer) -> None:
    server.script(Scripted(429, {"error": {"message": "slow"}}, {"Retry-After": "40"}))
    clock = FakeClock()
    local = provider_on(server, "local", clock, rpm=("600",), max_retries=0)
    with pytest.raises(ServiceFault, match="slow"):
        local.complete(question())
    local.complete(question())
    assert clock.slept == [40.0]


def test_retries_keep_the_pace_too(server: ModelServer) -> None:
    server.script(Scripted(429, {"error": {"message": "slow"}}))
    clock = FakeClock()
    provider_on(server, "local", clock, rpm=("60",), random=lambda: 0.0).complete(question())
    assert clock.slept == [0.5, 0.5], "the back-off, then the rest of the second between two requests"
