"""Proxies and TLS: what the environment says about proxies is honoured, certificates are checked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.errors import ConfigError, ServiceFault
from arena.providers.http.connections import ConnectionPool, PoolSettings, Proxy, Route, proxy_for
from arena.providers.http.transport import Transport
from tests.support.http_rig import settings_for
from tests.support.http_server import ModelServer, Scripted
from tests.support.proxy_server import TunnelProxy

DATA = Path(__file__).resolve().parents[1] / "data" / "http"
PLAIN = Scripted(body="{}", unchecked=True)


@pytest.fixture
def tls_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "authority.pem"))
    with ModelServer(certificate=DATA / "server.pem") as running:
        running.script(*[PLAIN] * 3)
        yield running


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_http_goes_to_the_proxy_with_the_whole_address(variable: str) -> None:
    with ModelServer() as proxy:
        proxy.script(PLAIN)
        environ = {variable: f"http://me:pass%40word@127.0.0.1:{proxy.port}"}
        transport = Transport(settings_for(environ=environ))
        assert transport.request("GET", "http://model.test/v1/thing?a=1", {}).status == 200
    seen = proxy.seen[0]
    assert seen.path == "http://model.test/v1/thing?a=1"
    assert seen.headers["host"] == "model.test"
    assert seen.headers["proxy-authorization"] == "Basic bWU6cGFzc0B3b3Jk"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_https_goes_through_a_tunnel_and_the_proxy_sees_no_header_of_ours(
    tls_server: ModelServer, variable: str
) -> None:
    with TunnelProxy(tls_server.port) as proxy:
        environ = {variable: f"http://me:pw@127.0.0.1:{proxy.port}"}
        transport = Transport(settings_for(environ=environ))
        for _ in range(2):
            assert transport.request("GET", "https://model.test/v1/thing", {"Authorization": "Bearer k"}).status == 200
        transport.close()
    assert len(proxy.asked) == 1, "the tunnel is kept alive as well"
    assert proxy.asked[0].startswith("CONNECT model.test:443 HTTP/1.")
    assert "Proxy-Authorization: Basic bWU6cHc=" in proxy.asked[0] and "Bearer" not in proxy.asked[0]
    assert "proxy-authorization" not in tls_server.seen[0].headers
    assert tls_server.seen[0].headers["authorization"] == "Bearer k"


@pytest.mark.parametrize(("status", "attempts"), [("407 Proxy Authentication Required", 1), ("502 Bad Gateway", 2)])
def test_a_refused_tunnel_is_named(status: str, attempts: int) -> None:
    with TunnelProxy(1, status) as proxy, pytest.raises(ServiceFault, match="refuses the tunnel: " + status) as caught:
        environ = {"https_proxy": f"http://127.0.0.1:{proxy.port}"}
        Transport(settings_for(environ=environ, max_retries=1)).request("GET", "https://model.test/", {})
    assert len(caught.value.attempts) == attempts


P = Proxy("http", "p.test", 3128, "")


@pytest.mark.parametrize(
    ("environ", "host", "proxy"),
    [
        ({}, "a.test", None),
        ({"https_proxy": "http://p.test:3128"}, "a.test", P),
        ({"https_proxy": "p.test:3128"}, "a.test", P),
        ({"https_proxy": "http://p.test:3128", "HTTPS_PROXY": "http://other.test:1"}, "a.test", P),
        ({"https_proxy": "http://p.test:3128", "ALL_PROXY": "http://other.test:1"}, "a.test", P),
        ({"http_proxy": "http://p.test:3128"}, "a.test", None),
        ({"https_proxy": "http://p.test:3128"}, "localhost", None),
        ({"https_proxy": "http://p.test:3128"}, "127.0.0.9", None),
        ({"https_proxy": "http://p.test:3128"}, "::1", None),
        ({"https_proxy": "http://p.test:3128", "NO_PROXY": "*"}, "a.test", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "b.test, a.test"}, "a.test", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "test"}, "a.test", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": ".a.test"}, "x.a.test", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "a.test"}, "aa.test", P),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "a.test:443"}, "a.test", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "a.test:8443"}, "a.test", P),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "10.0.0.0/8"}, "10.1.2.3", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "10.0.0.0/8"}, "11.1.2.3", P),
        ({"https_proxy": "http://p.test:3128", "no_proxy": " ,, "}, "a.test", P),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "[2001:db8::1]:443"}, "2001:db8::1", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "[2001:db8::1]:8443"}, "2001:db8::1", P),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "[2001:db8::1]"}, "2001:db8::1", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "2001:db8::1"}, "2001:db8::1", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "2001:db8::/32"}, "2001:db8::1", None),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "[2001:db8::2]:443"}, "2001:db8::1", P),
        ({"https_proxy": "http://p.test:3128", "no_proxy": "[2001:db8::1"}, "2001:db8::1", P),
    ],
)
def test_the_variables_decide_which_hosts_go_through_a_proxy(
    environ: dict[str, str], host: str, proxy: Proxy | None
) -> None:
    assert proxy_for("https", host, 443, environ) == proxy


@pytest.mark.parametrize("address", ["socks5://p:1", "https://p:1", "http://", "http://p:x"])
def test_a_proxy_of_another_kind_is_refused_by_name_without_its_password(address: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY"):
        proxy_for("https", "a.test", 443, {"HTTPS_PROXY": address})


def test_a_known_certificate_is_accepted(tls_server: ModelServer) -> None:
    url = f"https://127.0.0.1:{tls_server.port}/thing"
    assert Transport(settings_for()).request("GET", url, {}).status == 200


def test_authorities_come_from_the_settings_too(tls_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env file is merged into the settings and not into the process."""
    monkeypatch.delenv("SSL_CERT_FILE")
    settings = settings_for(environ={"SSL_CERT_FILE": str(DATA / "authority.pem")})
    assert Transport(settings).request("GET", f"https://127.0.0.1:{tls_server.port}/thing", {}).status == 200


def test_a_file_without_authorities_is_a_configuration_error(tmp_path: Path) -> None:
    empty, words = tmp_path / "empty.pem", tmp_path / "words.pem"
    empty.write_bytes(b"")
    words.write_text("no certificate here\n")
    for path, said in ((tmp_path / "gone.pem", "cannot be read"), (tmp_path, "SSL_CERT_FILE"),
                       (empty, "holds no certificate"), (words, "holds no certificate")):  # fmt: skip
        with pytest.raises(ConfigError, match="SSL_CERT_FILE") as caught:
            Transport(settings_for(environ={"SSL_CERT_FILE": str(path)}))
        assert said in str(caught.value) and str(path) in str(caught.value)


def test_an_unknown_certificate_is_refused_at_once_with_a_way_out(
    tls_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ServiceFault, match="SSL_CERT_FILE.*ARENA_SSL_VERIFY=0") as caught:
        Transport(settings_for()).request("GET", f"https://127.0.0.1:{tls_server.port}/thing", {})
    assert len(caught.value.attempts) == 1 and tls_server.seen == []


def test_a_certificate_for_another_name_is_refused(tls_server: ModelServer) -> None:
    with pytest.raises(ServiceFault, match="cannot be verified"):
        Transport(settings_for()).request("GET", f"https://localhost:{tls_server.port}/thing", {})
    assert tls_server.seen == []


def test_without_verification_any_certificate_will_do_and_a_warning_says_so(
    tls_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    transport = Transport(settings_for(verify_tls=False))
    assert transport.request("GET", f"https://127.0.0.1:{tls_server.port}/thing", {}).status == 200
    assert "ARENA_SSL_VERIFY=0" in transport.warnings[0]
    assert Transport(settings_for()).warnings == ()


def test_a_server_without_tls_is_named() -> None:
    with ModelServer() as plain, pytest.raises(ServiceFault, match="no TLS connection"):
        Transport(settings_for(max_retries=0)).request("GET", f"https://127.0.0.1:{plain.port}/", {})


def test_idle_connection_that_has_something_to_read_is_not_used_again() -> None:
    """A server that closed it, or said something unasked: its words would be taken for the next reply."""
    route = Route("http", "127.0.0.1", 80, None)
    for unasked in (b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", b""):
        pool = ConnectionPool(PoolSettings())
        near, far = socket.socketpair()
        pool.put(route, near)
        far.sendall(unasked) if unasked else far.close()
        assert pool.take(route) is None
        far.close()


def test_quiet_idle_connection_is_used_again() -> None:
    route, pool = Route("http", "127.0.0.1", 80, None), ConnectionPool(PoolSettings())
    near, far = socket.socketpair()
    pool.put(route, near)
    assert pool.take(route) is near and pool.take(route) is None
    near.close()
    far.close()
