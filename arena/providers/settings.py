"""The parts from which every HTTP provider is built: settings, key and address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from arena.errors import ConfigError
from arena.providers.http.connections import is_loopback, proxy_secrets, split_url
from arena.providers.http.transport import Transport, TransportSettings
from arena.settings.redaction import Redactor, split_keys

ProviderSettings = TransportSettings
"""A provider needs what its transport needs: the environment (keys, addresses, proxies), times and bounds."""

API_PATHS = ("/chat/completions", "/responses", "/messages", "/completions")
"""Endings of whole endpoint addresses; the part before them is the base, which usually ends in /v1."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that serves models: a row of a provider table.

    `base_url`: its usual base; `key_variable` and `base_variables`: the environment variables that hold its key and
    another address (the first one set wins); `models_from`: where its model names are listed, for error messages.
    `key_header`: the header that carries the key, as a bearer token in `Authorization` and bare in any other;
    `key_header_variable`: the variable that names another one, if the endpoint may be behind a gateway.
    `cache_key`: whether requests carry a `prompt_cache_key`.
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
    key_header: str = "Authorization"
    key_header_variable: str | None = None
    cache_key: bool = False

    @property
    def keys_variable(self) -> str:
        """The variable for several keys, separated by commas or spaces."""
        return f"{self.key_variable}S"


@dataclass(frozen=True, slots=True)
class Access:
    """An endpoint with the address, the keys and their header as the settings give them; `keys` may be empty."""

    endpoint: Endpoint
    url: str
    keys: tuple[str, ...] = field(repr=False)
    key_header: str = "Authorization"

    @property
    def key(self) -> str:
        """The first key, or empty if none is needed."""
        return self.keys[0] if self.keys else ""

    def headers_by_key(self) -> list[dict[str, str]]:
        """Return the headers for each key; one set without a key if there is none."""
        bearer = "Bearer " if self.key_header.lower() == "authorization" else ""
        return [{self.key_header: f"{bearer}{key}"} for key in self.keys] or [{}]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines for the command to print: a key that travels unencrypted to another machine."""
        if self.exposed:
            return (f"{self.endpoint.key_variable} goes unencrypted to http://{self.exposed}",)
        return ()

    @property
    def exposed(self) -> str:
        """The other machine to which the key would be sent unencrypted; empty if there is none."""
        parts = urlsplit(self.url)
        host = str(parts.hostname)
        return host if self.key and parts.scheme == "http" and not is_loopback(host) else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys, and possible secrets in the address: values of its query, user and password."""
        parts = urlsplit(self.url)
        query = [value for _, value in parse_qsl(parts.query)]
        return tuple(value for value in (*self.keys, *query, parts.username, parts.password) if value)


def access(endpoint: Endpoint, environ: Mapping[str, str]) -> Access:
    """Find address and keys; raises ConfigError naming the variable that is missing or wrong."""
    keys = _keys(endpoint, environ)
    if endpoint.key_required and not keys:
        raise ConfigError(
            f"the provider {endpoint.name} needs a key: set {endpoint.key_variable} in the environment or in .env"
        )
    header = endpoint.key_header
    if endpoint.key_header_variable is not None:
        header = environ.get(endpoint.key_header_variable, "").strip() or header
    for variable in endpoint.base_variables:
        base = environ.get(variable, "").strip()
        if base:
            try:
                return Access(endpoint, endpoint_url(base, endpoint.path), keys, header)
            except ConfigError as error:
                raise ConfigError(f"{variable}: {error}") from None
    return Access(endpoint, endpoint_url(endpoint.base_url, endpoint.path), keys, header)


def _keys(endpoint: Endpoint, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of both variables, each once: the single one first."""
    single = environ.get(endpoint.key_variable, "").strip()
    several = split_keys(environ.get(endpoint.keys_variable, ""))
    for variable, keys in ((endpoint.key_variable, [single]), (endpoint.keys_variable, several)):
        for key in keys:
            if not (key.isascii() and (key.isprintable() or not key)) or " " in key:
                raise ConfigError(f"{variable} holds a space or a character that no key has: copy it again")
    return tuple(dict.fromkeys(key for key in (single, *several) if key))


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
    """Make the transport of one provider; its redactor also knows the keys in use and the secrets in its address.

    Errors: ConfigError if a key would be sent unencrypted to another machine and this is not allowed.
    """
    if place.exposed and not settings.allow_plain_http:
        raise ConfigError(
            f"{place.endpoint.key_variable} would travel unencrypted to http://{place.exposed}: use https://, or"
            " --allow-plain-http where nobody else is on the way"
        )
    secrets = [*place.secrets, *proxy_secrets(settings.environ)]
    transport = Transport(settings, Redactor.from_environ(settings.environ, secrets))
    transport.warnings += place.warnings
    return transport
