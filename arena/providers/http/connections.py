"""Connections to servers: direct, through a proxy, with TLS; kept alive and shared by many threads."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from arena.errors import ConfigError
from arena.providers.http.timed_socket import AVAILABLE, TimedSocket
from arena.providers.http.wire import WireFault

MAX_IDLE_S = 55.0
"""An idle connection is not used again after this time: common servers and load balancers close theirs after 60 s."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy server; `authorization` is the value of Proxy-Authorization, or empty."""

    scheme: str
    host: str
    port: int
    authorization: str


class Route(NamedTuple):
    """The destination of a connection: the key under which idle connections are kept."""

    scheme: str
    host: str
    port: int
    proxy: Proxy | None


def without_secrets(url: str) -> str:
    """Return an address for a message: without credentials and query, which may contain keys."""
    scheme, mark, rest = url.partition("?")[0].rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def split_url(url: str) -> tuple[SplitResult, int]:
    """Return a URL's parts and its port; raises ConfigError unless it is a plain http or https address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{without_secrets(url)!r} is not a web address: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ConfigError(
            f"{without_secrets(url)!r} is not a web address: it must begin with http:// or https:// and name a host"
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"the address of {parts.hostname!r} holds a user name or password: keys go into variables")
    if not url.isascii() or any(char <= " " or char == "\x7f" for char in url):
        raise ConfigError(
            f"{without_secrets(url)!r} is not a web address: it holds a space or a character that must be escaped"
        )
    return parts, port if port is not None else DEFAULT_PORTS[parts.scheme]


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the environment names for an address, or None.

    HTTP_PROXY and HTTPS_PROXY by the scheme of the target, else ALL_PROXY; lower case comes before upper case, as in
    curl. Loopback addresses and those that NO_PROXY names are reached directly. Raises ConfigError for any other kind
    of proxy than http:// and https://.
    """
    if is_loopback(host) or _bypassed(host, port, _variable(environ, "no_proxy")):
        return None
    name = f"{scheme}_proxy"
    address = _variable(environ, name)
    if not address:
        name = "all_proxy"
        address = _variable(environ, name)
    if not address:
        return None
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        proxy_port = parts.port
    except ValueError:
        raise ConfigError(f"{name.upper()} does not hold the address of a proxy (http://host:port)") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ConfigError(
            f"{name.upper()} names a proxy of kind {parts.scheme!r}; only http:// and https:// proxies are supported"
        )
    if parts.scheme == "https" and scheme == "https":
        raise ConfigError(f"{name.upper()}: an https:// proxy for https:// addresses is not supported; use http://")
    credentials = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return Proxy(parts.scheme, parts.hostname, proxy_port or DEFAULT_PORTS[parts.scheme], credentials)


def proxy_secrets(environ: Mapping[str, str]) -> list[str]:
    """Return the passwords in the proxy variables, for the redactor."""
    found = []
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        for value in (environ.get(name, ""), environ.get(name.upper(), "")):
            _, _, rest = value.rpartition("://")
            credentials, at, _ = rest.rpartition("@")
            if at and ":" in credentials:
                password = credentials.partition(":")[2]
                found += [password, unquote(password)]
    return found


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bypassed(host: str, port: int, no_proxy: str) -> bool:
    """Return whether a NO_PROXY list covers a host: `*`, a name (and its subdomains), an address, a network."""
    for entry in (part.strip().lower() for part in no_proxy.split(",")):
        if not entry:
            continue
        if entry == "*":
            return True
        name, entry_port = _split_port(entry)
        if entry_port is not None and entry_port != port:
            continue
        entry = name
        if _in_network(host, entry):
            return True
        domain = entry.removeprefix("*").lstrip(".")
        if host == domain or (domain and host.endswith(f".{domain}")):
            return True
    return False


def _split_port(entry: str) -> tuple[str, int | None]:
    """Split `host:port`, `[address]:port` or `[address]`; a bare IPv6 address has colons and no port."""
    if entry.startswith("["):
        name, bracket, rest = entry[1:].partition("]")
        digits = rest.removeprefix(":")
        return (name, int(digits) if digits.isdecimal() else None) if bracket else (entry, None)
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdecimal() and ":" not in name:
        return name, int(digits)
    return entry, None


def _in_network(host: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def authorities(environ: Mapping[str, str]) -> str | None:
    """Return the file of certificate authorities that SSL_CERT_FILE names, or None for the system's own.

    Raises ConfigError for a file that cannot be read or contains no certificate.
    """
    path = environ.get("SSL_CERT_FILE", "").strip()
    if not path:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        raise ConfigError(f"SSL_CERT_FILE: {path} holds no certificate (PEM is expected)") from None
    except OSError as error:
        raise ConfigError(f"SSL_CERT_FILE: {path} cannot be read ({error.strerror})") from None
    if not context.cert_store_stats()["x509"]:
        raise ConfigError(f"SSL_CERT_FILE: {path} holds no certificate (PEM is expected)")
    return path


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """`max_idle`: connections kept open per route; `clock`: monotonic seconds; `authorities`: as of the function."""

    verify_tls: bool = True
    max_idle: int = 256
    clock: Callable[[], float] = time.monotonic
    authorities: str | None = None


class ConnectionPool:
    """Idle connections by route, last in first out. Safe for any number of threads without a lock around I/O."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._idle: dict[Route, deque[tuple[socket.socket, float]]] = {}
        self._tls: ssl.SSLContext | None = None
        self._tls_lock = threading.Lock()

    def take(self, route: Route) -> socket.socket | None:
        """Return an idle connection that is still open, or None."""
        shelf = self._idle.get(route)
        while shelf:
            try:
                sock, since = shelf.pop()
            except IndexError:  # another thread took the last one meanwhile
                return None
            if self._settings.clock() - since < MAX_IDLE_S and not _has_input(sock):
                return sock
            sock.close()
        return None

    def put(self, route: Route, sock: socket.socket) -> None:
        """Keep a connection for the next call; close it if enough are kept."""
        shelf = self._idle.get(route)
        if shelf is None:
            shelf = self._idle.setdefault(route, deque())
        if len(shelf) >= self._settings.max_idle:
            sock.close()
        else:
            shelf.append((sock, self._settings.clock()))

    def connect(self, route: Route, timeout_s: float) -> socket.socket:
        """Open a connection (through a proxy and TLS if the route says so). Raises WireFault."""
        where = f"{route.host}:{route.port}" if route.proxy is None else f"proxy {route.proxy.host}:{route.proxy.port}"
        connection = self._prepare(route, timeout_s)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise _connect_fault(error, where) from None
        except http.client.HTTPException as error:
            connection.close()
            raise WireFault("proxy", f"{where} does not speak HTTP ({type(error).__name__})") from None
        sock = connection.sock
        assert isinstance(sock, socket.socket)
        return TimedSocket(sock, timeout_s) if AVAILABLE and type(sock) is socket.socket else sock

    def close(self) -> None:
        """Close the idle connections; the pool stays usable."""
        for shelf in list(self._idle.values()):
            while shelf:
                try:
                    sock, _ = shelf.pop()
                except IndexError:
                    break
                sock.close()

    def _prepare(self, route: Route, timeout_s: float) -> http.client.HTTPConnection:
        near = route if route.proxy is None else route.proxy
        tls = "https" in (route.scheme, near.scheme)
        kind: Callable[..., http.client.HTTPConnection] = (
            partial(http.client.HTTPSConnection, context=self._tls_context()) if tls else http.client.HTTPConnection
        )
        connection = kind(near.host, near.port, timeout=timeout_s)
        if route.proxy is not None and route.scheme == "https":
            authorization = route.proxy.authorization
            headers = {"Proxy-Authorization": authorization} if authorization else {}
            connection.set_tunnel(route.host, route.port, headers)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        with self._tls_lock:  # made once, on first use: loading the certificates takes longer than many calls
            if self._tls is None:
                context = ssl.create_default_context(cafile=self._settings.authorities)
                context.set_alpn_protocols(["http/1.1"])
                if not self._settings.verify_tls:
                    context.check_hostname = False
                    context.verify_mode = ssl.CERT_NONE
                self._tls = context
            return self._tls


def _has_input(sock: socket.socket) -> bool:
    """Return whether an idle connection has data to read: the server then closed it, or sent something unasked."""
    poll = select.poll()
    try:
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def _connect_fault(error: OSError, where: str) -> WireFault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return WireFault(
            "tls",
            f"the certificate of {where} cannot be verified ({error.verify_message}); "
            "name the authority's file in SSL_CERT_FILE, or set ARENA_SSL_VERIFY=0 if you must",
            retry=False,
        )
    if isinstance(error, TimeoutError):
        return WireFault("timeout", f"no connection to {where} within the time limit")
    if isinstance(error, ssl.SSLError):
        return WireFault("tls", f"no TLS connection to {where} ({error.reason or 'handshake failed'})")
    if isinstance(error, socket.gaierror):
        return WireFault("connect", f"the name of {where} cannot be resolved ({error.strerror})")
    if isinstance(error, ConnectionRefusedError):
        return WireFault("connect", f"nothing listens at {where} (connection refused)")
    message = str(error)
    if message.startswith("Tunnel connection failed"):  # what http.client raises for a refused CONNECT
        status = message.partition(":")[2].strip()
        return WireFault("proxy", f"{where} refuses the tunnel: {status}", retry=not status.startswith("4"))
    return WireFault("connect", f"no connection to {where} ({error.strerror or type(error).__name__})")
