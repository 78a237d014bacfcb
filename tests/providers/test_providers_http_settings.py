"""Keys and addresses: every variable works as it says, and a missing one is named before any call."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from arena.errors import ConfigError
from arena.providers import anthropic, chat, openai
from arena.providers.settings import Endpoint, access, endpoint_url
from tests.support.http_rig import question, settings_for
from tests.support.http_server import KEY, ModelServer

MODULES: tuple[ModuleType, ...] = (chat, openai, anthropic)
ROWS: list[tuple[ModuleType, Endpoint]] = [(module, row) for module in MODULES for row in module.ENDPOINTS.values()]
KEYED = [(module, row) for module, row in ROWS if row.key_required]


def named(row: Any) -> str:
    return row.name if isinstance(row, Endpoint) else ""


ADDRESSES = (
    ("openai", "https://api.openai.com/v1/responses", "OPENAI_API_KEY"),
    ("openai-chat", "https://api.openai.com/v1/chat/completions", "OPENAI_API_KEY"),
    ("anthropic", "https://api.anthropic.com/v1/messages", "ANTHROPIC_API_KEY"),
    ("fireworks", "https://api.fireworks.ai/inference/v1/chat/completions", "FIREWORKS_API_KEY"),
    ("groq", "https://api.groq.com/openai/v1/chat/completions", "GROQ_API_KEY"),
    ("openrouter", "https://openrouter.ai/api/v1/chat/completions", "OPENROUTER_API_KEY"),
    ("together", "https://api.together.xyz/v1/chat/completions", "TOGETHER_API_KEY"),
    ("mistral", "https://api.mistral.ai/v1/chat/completions", "MISTRAL_API_KEY"),
    ("deepseek", "https://api.deepseek.com/v1/chat/completions", "DEEPSEEK_API_KEY"),
    ("local", "http://127.0.0.1:8000/v1/chat/completions", "ARENA_LOCAL_API_KEY"),
)
"""Provider, default address, key: a row for each, so that none can be lost."""


def test_the_endpoints_are_all_there() -> None:
    assert sorted(row.name for _, row in ROWS) == sorted(name for name, _, _ in ADDRESSES)


@pytest.mark.parametrize(("name", "url", "key"), ADDRESSES)
def test_default_addresses_and_keys(name: str, url: str, key: str) -> None:
    row = next(row for _, row in ROWS if row.name == name)
    place = access(row, {key: " secret-key-1 "})
    assert (place.url, place.key) == (url, "secret-key-1")


@pytest.mark.parametrize(("module", "row"), ROWS, ids=named)
def test_every_provider_answers_at_the_address_of_its_variable(module: ModuleType, row: Endpoint) -> None:
    for variable in row.base_variables:
        with ModelServer() as server:
            provider = module.build(row.name, settings_for(environ={row.key_variable: KEY, variable: server.url}))
            assert provider.complete(question()).text.startswith("Statement")
            provider.close()
            assert provider.name == row.name and not provider.offline
            assert server.seen[0].path == "/v1" + row.path and server.refused == []


@pytest.mark.parametrize(("module", "row"), KEYED, ids=named)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_key_is_named_before_any_call(module: ModuleType, row: Endpoint, value: str | None) -> None:
    filled = {} if value is None else {row.key_variable: value}
    with pytest.raises(ConfigError, match=rf"{row.name} needs a key: set {row.key_variable} .* \.env"):
        module.build(row.name, settings_for(environ=filled))


@pytest.mark.parametrize(("module", "row"), KEYED, ids=named)
@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "“quoted”"])
def test_a_damaged_key_is_refused_by_name_and_not_shown(module: ModuleType, row: Endpoint, key: str) -> None:
    with pytest.raises(ConfigError, match=row.key_variable) as caught:
        module.build(row.name, settings_for(environ={row.key_variable: key}))
    assert key not in str(caught.value)


def test_a_local_server_needs_no_key_and_gets_no_authorization() -> None:
    with ModelServer() as server:
        provider = chat.build("local", settings_for(environ={"ARENA_LOCAL_BASE_URL": server.url}, max_retries=0))
        with pytest.raises(Exception, match="check ARENA_LOCAL_API_KEY"):
            provider.complete(question())
        assert "authorization" not in server.seen[0].headers


@pytest.mark.parametrize(
    "base",
    [
        "https://h.test/x/v1/chat/completions",
        "https://h.test/x/v1/chat/completions/",
        "https://h.test/x/v1/responses",
        "https://h.test/x/v1/messages",
        "https://h.test/x/v1",
        "https://h.test/x/v1/",
    ],
)
@pytest.mark.parametrize("path", ["/chat/completions", "/responses", "/messages"])
def test_a_whole_address_and_the_usual_base_both_work(base: str, path: str) -> None:
    assert endpoint_url(base, path) == "https://h.test/x/v1" + path


def test_a_bare_host_gets_v1_and_a_query_is_kept() -> None:
    assert endpoint_url("http://127.0.0.1:11434", "/chat/completions") == "http://127.0.0.1:11434/v1/chat/completions"
    assert endpoint_url("https://h.test/o?api-version=1", "/responses") == "https://h.test/o/responses?api-version=1"


@pytest.mark.parametrize("base", ["h.test/v1", "file:///etc/passwd", "https://", "https://u:p@h.test/v1"])
def test_a_wrong_address_is_refused_by_the_name_of_its_variable(base: str) -> None:
    with pytest.raises(ConfigError, match="^OPENAI_BASE_URL: "):
        openai.build("openai", settings_for(environ={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": base}))


def test_openai_chat_takes_its_own_address_before_the_shared_one() -> None:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://a.test/v1/responses"}
    row = chat.ENDPOINTS["openai-chat"]
    assert access(row, environ).url == "https://a.test/v1/chat/completions"
    assert access(row, {**environ, "OPENAI_CHAT_BASE_URL": "https://b.test/v1"}).url.startswith("https://b.test/")


def test_an_anthropic_version_must_be_a_date() -> None:
    with pytest.raises(ConfigError, match="ANTHROPIC_VERSION must be a date"):
        anthropic.build("anthropic", settings_for(environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_VERSION": "newest"}))


def test_an_api_with_versions_tells_its_own() -> None:
    environ = {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY, "ANTHROPIC_VERSION": "2026-10-21"}
    settings = settings_for(environ=environ)
    assert anthropic.build("anthropic", settings).api_version == "2026-10-21"
    assert openai.build("openai", settings).api_version is None


def test_a_key_that_would_travel_unencrypted_is_warned_about() -> None:
    environ = {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": "http://models.test/v1"}
    assert chat.build("groq", settings_for(environ=environ, allow_plain_http=True)).warnings == (
        "GROQ_API_KEY goes unencrypted to http://models.test",
    )
    near = {**environ, "GROQ_BASE_URL": "http://127.0.0.1:1/v1"}
    assert chat.build("groq", settings_for(environ=near)).warnings == ()


@pytest.mark.parametrize("host", ["models.test", "127.evil.test", "127.0.0.1.evil.test", "10.0.0.1", "[2001:db8::1]"])
def test_a_key_does_not_travel_unencrypted_unless_that_is_allowed(host: str) -> None:
    environ = {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": f"http://{host}/v1"}
    with pytest.raises(ConfigError, match="GROQ_API_KEY would travel unencrypted.*--allow-plain-http"):
        chat.build("groq", settings_for(environ=environ))
    chat.build("groq", settings_for(environ={**environ, "GROQ_BASE_URL": f"https://{host}/v1"}))


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.9.9.9", "localhost:8000", "[::1]:8000"])
def test_a_key_may_travel_unencrypted_within_this_machine(host: str) -> None:
    chat.build("groq", settings_for(environ={"GROQ_API_KEY": KEY, "GROQ_BASE_URL": f"http://{host}/v1"}))


def test_an_address_without_a_key_may_be_plain_http() -> None:
    chat.build("local", settings_for(environ={"ARENA_LOCAL_BASE_URL": "http://models.test/v1"}))


def test_secrets_of_an_address_are_known_to_the_redactor() -> None:
    environ = {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": "https://models.test/v1?api-version=2026&sig=querysecret1"}
    provider = chat.build("groq", settings_for(environ=environ))
    assert "querysecret1" not in provider._transport.redactor.text("refused: sig=querysecret1")


def test_switched_off_certificates_are_warned_about() -> None:
    provider = chat.build("groq", settings_for(environ={"GROQ_API_KEY": KEY}, verify_tls=False))
    assert len(provider.warnings) == 1 and "ARENA_SSL_VERIFY=0" in provider.warnings[0]


@pytest.mark.parametrize(
    ("name", "tokens", "seed"),
    [
        ("groq", "max_completion_tokens", "seed"),
        ("mistral", "max_tokens", "random_seed"),
        ("deepseek", "max_tokens", None),
    ],
)
def test_endpoints_name_their_parameters_in_their_own_way(name: str, tokens: str, seed: str | None) -> None:
    row = chat.ENDPOINTS[name]
    assert (row.token_parameter, row.seed_parameter) == (tokens, seed)
