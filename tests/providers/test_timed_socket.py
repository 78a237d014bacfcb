"""A connection whose time limit the system keeps: it sends, receives and times out as a Python socket does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from arena.providers.http.timed_socket import AVAILABLE, TimedSocket

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="only where the system's structure of a time limit is known")

SHORT, LONG = 0.02, 60.0


@pytest.fixture
def pair() -> Iterator[tuple[TimedSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    timed = TimedSocket(ours, LONG)
    with timed, theirs:
        yield timed, theirs


def test_it_takes_over_the_connection(pair: tuple[TimedSocket, socket.socket]) -> None:
    timed, theirs = pair
    timed.sendall(b"asked")
    assert theirs.recv(100) == b"asked"
    theirs.sendall(b"answered")
    assert timed.recv(100) == b"answered"
    theirs.close()
    assert timed.recv(100) == b""


def test_nothing_to_receive_within_the_limit_is_a_timeout(pair: tuple[TimedSocket, socket.socket]) -> None:
    timed, theirs = pair
    timed.settimeout(SHORT)
    with pytest.raises(TimeoutError):
        timed.recv(100)
    theirs.sendall(b"late")
    assert timed.recv(100) == b"late"  # the connection is as it was


def test_sending_to_somebody_who_reads_nothing_is_a_timeout(pair: tuple[TimedSocket, socket.socket]) -> None:
    timed, _ = pair
    timed.settimeout(SHORT)
    with pytest.raises(TimeoutError):
        timed.sendall(bytes(2**24))
    assert timed.gettimeout() == SHORT


def test_the_limit_bounds_sending_as_a_whole(
    pair: tuple[TimedSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed, _ = pair
    limits: list[float] = []
    seconds = iter(range(0, 1000, 25))

    def send_one(sock: TimedSocket, data: memoryview, flags: int = 0) -> int:
        limits.append(sock.gettimeout())
        return 1

    monkeypatch.setattr("arena.providers.http.timed_socket.time.monotonic", lambda: next(seconds))
    monkeypatch.setattr(TimedSocket, "send", send_one)
    timed.sendall(b"abcd")
    assert limits == [60, 35, 10, 1e-6] and timed.gettimeout() == LONG


def test_all_bytes_arrive_in_order_at_a_slow_reader(pair: tuple[TimedSocket, socket.socket]) -> None:
    timed, theirs = pair
    data, read = bytes(range(256)) * 2**14, bytearray()

    def slowly() -> None:
        while len(read) < len(data):
            read.extend(theirs.recv(4096))

    reader = threading.Thread(target=slowly)
    reader.start()
    timed.sendall(data)
    reader.join()
    assert read == data


@pytest.mark.parametrize("seconds", [None, 0.0, -1.0])
def test_a_limit_that_is_none_is_refused(pair: tuple[TimedSocket, socket.socket], seconds: float | None) -> None:
    with pytest.raises(ValueError, match="positive"):
        pair[0].settimeout(seconds)


def test_the_shortest_limit_is_not_an_endless_one(pair: tuple[TimedSocket, socket.socket]) -> None:
    timed, _ = pair
    timed.settimeout(1e-9)
    with pytest.raises(TimeoutError):
        timed.recv(1)
