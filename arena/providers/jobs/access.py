"""Addresses and keys of the services for long work: from the environment, like all addresses and keys."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from arena.errors import ConfigError
from arena.providers.http.connections import is_loopback, proxy_secrets, split_url
from arena.providers.http.transport import Transport, TransportSettings
from arena.providers.jobs.fireworks import Fireworks
from arena.providers.jobs.openai_batches import Batches
from arena.providers.jobs.openai_tuning import Tuning
from arena.providers.jobs.rest import RestClient, key_of
from arena.settings.redaction import Redactor


class _Service(NamedTuple):
    """A service: its usual address, and the variables of its key and of another address."""

    base: str
    key_variable: str
    base_variable: str


_OPENAI = _Service("https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL")
_FIREWORKS = _Service("https://api.fireworks.ai", "FIREWORKS_API_KEY", "FIREWORKS_BASE_URL")
_ACCOUNT_VARIABLE = "FIREWORKS_ACCOUNT_ID"
_INFERENCE = "/inference"


def openai_batches(settings: TransportSettings) -> Batches:
    """Return the client of OpenAI's Files and Batches. Errors: ConfigError naming the variable."""
    return Batches(_openai(settings))


def openai_tuning(settings: TransportSettings) -> Tuning:
    """Return the client of OpenAI's fine-tuning. Errors: ConfigError naming the variable."""
    return Tuning(_openai(settings))


def _openai(settings: TransportSettings) -> RestClient:
    """Return the client of OpenAI's API. OPENAI_BASE_URL may be the address of the models' answers."""
    base = settings.environ.get(_OPENAI.base_variable, "").strip() or _OPENAI.base
    stem = base.rstrip("/").removesuffix("/responses").removesuffix("/chat/completions")
    return _client(settings, stem, _OPENAI)


def fireworks(settings: TransportSettings, account: str = "") -> Fireworks:
    """Return the client of Fireworks' account. `account`: empty for that of FIREWORKS_ACCOUNT_ID.

    FIREWORKS_BASE_URL may be the address of the models: their path is left out, since management has its own.
    Errors: ConfigError naming the variable.
    """
    environ = settings.environ
    name = account or environ.get(_ACCOUNT_VARIABLE, "").strip()
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ConfigError(f"set {_ACCOUNT_VARIABLE} (or --account) to the id of your account, not {name!r}")
    parts, _ = split_url(environ.get(_FIREWORKS.base_variable, "").strip() or _FIREWORKS.base)
    path = parts.path.partition(_INFERENCE)[0].rstrip("/").removesuffix("/v1")
    base = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    return Fireworks(_client(settings, base, _FIREWORKS), name)


def _client(settings: TransportSettings, base: str, service: _Service) -> RestClient:
    key = key_of(settings.environ, service.key_variable)
    parts = urlsplit(base)
    if parts.scheme == "http" and not is_loopback(str(parts.hostname)) and not settings.allow_plain_http:
        raise ConfigError(
            f"{service.key_variable} would travel unencrypted to {service.base_variable}={base}: use https://"
        )
    redactor = Redactor.from_environ(settings.environ, [key, *proxy_secrets(settings.environ)])
    return RestClient(Transport(settings, redactor), base, {"Authorization": f"Bearer {key}"})
