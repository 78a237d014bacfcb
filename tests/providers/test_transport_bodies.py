"""Compressed bodies, which nobody asked for, are read within the bounds of plain ones."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator

import pytest

from arena.errors import ServiceFault
from arena.providers.http.transport import Transport
from tests.support.http_rig import APIS, provider_on, question, settings_for
from tests.support.http_server import ModelServer, Scripted


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "identity, deflate": bare_deflate,
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_is_read(server: ModelServer, coding: str, chunked: bool) -> None:
    body = CODINGS[coding](b'{"a": 1}' * 50)
    server.script(Scripted(200, body, {"Content-Encoding": coding}, chunked=chunked, unchecked=True))
    assert Transport(settings_for()).request("GET", server.url + "/x", {}).body == b'{"a": 1}' * 50


@pytest.mark.parametrize("name", APIS)
def test_a_compressed_error_is_understood(server: ModelServer, name: str) -> None:
    body = gzip.compress(json.dumps({"error": {"message": "no such key"}}).encode())
    server.script(Scripted(401, body, {"Content-Encoding": "gzip"}))
    with pytest.raises(ServiceFault, match="no such key"):
        provider_on(server, name).complete(question())


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_small_body_that_unpacks_to_a_large_one_is_refused(server: ModelServer, coding: str) -> None:
    body = CODINGS[coding](b"x" * 1_000_001)
    assert len(body) < 2000
    server.script(Scripted(200, body, {"Content-Encoding": coding}, unchecked=True))
    with pytest.raises(ServiceFault, match="larger than the 1000000 bytes") as caught:
        Transport(settings_for(max_body_bytes=1_000_000)).request("GET", server.url + "/x", {})
    assert len(caught.value.attempts) == 1


@pytest.mark.parametrize(
    ("coding", "body", "said", "attempts"),
    [
        ("gzip", gzip.compress(b"x" * 999, mtime=0)[:-9], "was cut", 2),
        ("gzip", b"not compressed", "cannot be read", 2),
        ("deflate", b"\xff\xff\xff\xff", "cannot be read", 2),
        ("br", b"x", r"compressed \(br\), which was not asked for", 1),
        ("gzip, gzip, gzip, gzip", b"x", "which was not asked for", 1),
    ],
)
def test_an_unreadable_compression_is_named(
    server: ModelServer, coding: str, body: bytes, said: str, attempts: int
) -> None:
    server.script(*[Scripted(200, body, {"Content-Encoding": coding}, unchecked=True)] * 2)
    with pytest.raises(ServiceFault, match=said) as caught:
        Transport(settings_for(max_retries=1)).request("GET", server.url + "/x", {})
    assert len(caught.value.attempts) == attempts


def test_an_empty_body_needs_no_unpacking(server: ModelServer) -> None:
    server.script(Scripted(200, b"", {"Content-Encoding": "gzip"}, unchecked=True))
    assert Transport(settings_for()).request("GET", server.url + "/x", {}).body == b""
