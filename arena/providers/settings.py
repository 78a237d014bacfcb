"""What every HTTP provider is built from: settings, the key and the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from arena.errors import ConfigError
from arena.providers.http.connections import proxy_secrets, split_url
from arena.providers.http.transport import Transport, TransportSettings
from arena.settings.redaction import Redactor

ProviderSettings = TransportSettings
"""A provider needs what its transport needs: the environment (keys, addresses, proxies), times and bounds."""

API_PATHS = ("/chat/completions", "/responses", "/messages", "/completions")
"""Ends of whole endpoint addresses; what stands before them is the base, usually ending in /v1."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that serves models: a row of a provider table.

    `base_url`: its usual base; `key_variable` and `base_variables`: the environment variables that hold its key and
    another address (the first one set wins); `models_from`: where its model names are listed, for error messages.
    """

    name: str
    base_url: str
    key_variable: str
    base_variables: tuple[str, ...]
    models_from: str
    path: str = "/chat/completions"
    key_required: bool = True
    token_parameter: str = "max_tokens"
    seed_parameter: str | None = "seed"


@dataclass(frozen=True, slots=True)
class Access:
    """An endpoint with the address and the key that the settings give; `key` is empty where none is needed."""

    endpoint: Endpoint
    url: str
    key: str = field(repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines that the door should print: a key that travels unencrypted to another machine."""
        parts = urlsplit(self.url)
        local = parts.hostname in ("localhost", "::1") or str(parts.hostname).startswith("127.")
        if self.key and parts.scheme == "http" and not local:
            return (f"{self.endpoint.key_variable} goes unencrypted to http://{parts.netloc}",)
        return ()


def access(endpoint: Endpoint, environ: Mapping[str, str]) -> Access:
    """Find address and key; raises ConfigError naming the variable that is missing or wrong."""
    key = environ.get(endpoint.key_variable, "").strip()
    if endpoint.key_required and not key:
        raise ConfigError(
            f"the provider {endpoint.name} needs a key: set {endpoint.key_variable} in the environment or in .env"
        )
    if not (key.isascii() and (key.isprintable() or not key)) or " " in key:
        raise ConfigError(f"{endpoint.key_variable} holds a space or a character that no key has: copy it again")
    for variable in endpoint.base_variables:
        base = environ.get(variable, "").strip()
        if base:
            try:
                return Access(endpoint, endpoint_url(base, endpoint.path), key)
            except ConfigError as error:
                raise ConfigError(f"{variable}: {error}") from None
    return Access(endpoint, endpoint_url(endpoint.base_url, endpoint.path), key)


def endpoint_url(base: str, path: str) -> str:
    """Return the whole address for `path` from a base or from a whole address of this or of a sister API.

    `https://host`, `https://host/v1`, `https://host/v1/` and `https://host/v1/responses` all give
    `https://host/v1/chat/completions` for `/chat/completions`; a query string is kept.
    """
    parts, _ = split_url(base)
    stem = parts.path.rstrip("/")
    for known in API_PATHS:
        if stem.endswith(known):
            stem = stem.removesuffix(known)
            break
    return urlunsplit((parts.scheme, parts.netloc, (stem or "/v1") + path, parts.query, ""))


def open_transport(settings: ProviderSettings, place: Access) -> Transport:
    """Make the transport of one provider; its redactor also knows the key in use."""
    secrets = [place.key, *proxy_secrets(settings.environ)]
    transport = Transport(settings, Redactor.from_environ(settings.environ, secrets))
    transport.warnings += place.warnings
    return transport
