"""HTTP calls for models and tools: kept-alive connections, bounded retries, redaction, a list of attempts.

A call is bounded twice: by its number of attempts and by a deadline over all of them. Nothing here knows an API; the
caller's classifier decides the meaning of an answer.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from arena import __version__
from arena.errors import ConfigError, DataError, ServiceFault, TrialEnded
from arena.formats.bounded import parse_json
from arena.messages import HttpAttempt
from arena.providers.http.connections import (
    ConnectionPool,
    PoolSettings,
    Route,
    authorities,
    proxy_for,
    proxy_secrets,
    split_url,
    without_secrets,
)
from arena.providers.http.retry import (
    LATE_STATUSES,
    AnswerVerdict,
    Backoff,
    Classifier,
    by_status,
    excerpt,
    retry_after_s,
)
from arena.providers.http.targets import Rotation, Target
from arena.providers.http.wire import Reply, ReplyReader, WireFault
from arena.records import Json
from arena.settings.redaction import Redactor

MAX_BODY_BYTES = 32 * 2**20
"""A chat reply has some kilobytes; this limit is far above that and far below a harmful size."""

MAX_SECONDS = 1_000_000
"""Eleven and a half days; the system's own waits overflow after twenty-four."""

TIMEOUT_SLACK = 1.02
"""A socket keeps the time limit of its last call if that is at most this much longer: setting it is a system call."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
OWN_HEADERS = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
"""Header names that the transport sets itself and a caller may not."""


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """How calls are made. Times are seconds and may be fractions (milliseconds and less).

    `timeout_s` bounds one attempt from sending to the last byte, `connect_timeout_s` opening a connection,
    `deadline_s` a whole call with its retries and waits. `max_retries` does not include the first attempt; while a
    server says that the rate is too high, only the deadline counts (with 0 retries, nothing is tried again).
    `rpm`, `tpm`: the words of --rpm and --tpm, for providers (http.pace).
    `allow_plain_http`: whether keys may travel over http:// to another machine.
    `environ` names proxies and keys. `notify` gets a line per key left out and, with
    `print_http_errors`, one per failed HTTP answer.
    `fault_reason` is the ServiceFault reason of faults other than timeouts (`provider` or `calculator`).
    `sleep` defaults to waiting on `stop`, so that setting `stop` ends every wait at once.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 300.0
    connect_timeout_s: float = 10.0
    deadline_s: float = 900.0
    max_retries: int = 5
    backoff_base_s: float = 0.5
    backoff_cap_s: float = 30.0
    max_body_bytes: int = MAX_BODY_BYTES
    max_connections: int = 256
    rpm: tuple[str, ...] = ()
    tpm: tuple[str, ...] = ()
    verify_tls: bool = True
    print_http_errors: bool = False
    allow_plain_http: bool = False
    notify: Callable[[str], None] | None = None
    fault_reason: str = "provider"
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] | None = None
    random: Callable[[], float] = random.random
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        for name in ("timeout_s", "connect_timeout_s", "deadline_s"):
            if not 0 < getattr(self, name) <= MAX_SECONDS:
                raise ConfigError(
                    f"{name} must be more than 0 and at most {MAX_SECONDS} seconds, not {getattr(self, name)!r}"
                )
        for name in ("max_retries", "backoff_base_s", "backoff_cap_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} must not be negative, but it is {getattr(self, name)!r}")

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], notify: Callable[[str], None] | None = None, **changes: Any
    ) -> TransportSettings:
        """Read ARENA_SSL_VERIFY and ARENA_PRINT_HTTP_ERRORS from `environ`; `changes` set further fields."""
        settings = cls(
            environ=environ,
            notify=notify,
            verify_tls=_switch(environ, "ARENA_SSL_VERIFY", True),
            print_http_errors=_switch(environ, "ARENA_PRINT_HTTP_ERRORS", False),
        )
        return replace(settings, **changes) if changes else settings


def _switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    text = environ.get(name, "").strip().lower()
    if text in ("", "0", "1", "true", "false", "yes", "no", "on", "off"):
        return default if text == "" else text in ("1", "true", "yes", "on")
    raise ConfigError(f"{name} must be 0 or 1, not {text!r}")


class HttpResponse(NamedTuple):
    """An accepted answer: status, headers (lower-case names), body as received (*not* redacted: redact it before you
    store it), the attempts made (the last is this answer), the value that the classifier parsed, and the target
    of the last attempt."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    attempts: tuple[HttpAttempt, ...]
    value: Json = None
    target: Target | None = None


class _Outcome(NamedTuple):
    """One attempt: the verdict on it, whether it ran out of time, the wait that the server asked for."""

    verdict: AnswerVerdict
    status: int | None = None
    timed_out: bool = False
    asked_s: float | None = None
    may_be_billed: bool = False


class Transport:
    """Makes HTTP calls for any number of threads.

    `redactor` defaults to one for the keys in `settings.environ`. `warnings` are lines for the command to print.
    """

    def __init__(self, settings: TransportSettings, redactor: Redactor | None = None) -> None:
        self.settings = settings
        self.redactor = redactor or Redactor.from_environ(settings.environ, proxy_secrets(settings.environ))
        self.warnings: tuple[str, ...] = ()
        if not settings.verify_tls:
            self.warnings = ("ARENA_SSL_VERIFY=0: certificates are not checked, so keys can be stolen",)
        self._backoff = Backoff(settings.backoff_base_s, settings.backoff_cap_s, settings.random)
        self._sleep = settings.sleep or settings.stop.wait
        self._pool = ConnectionPool(self._pool_settings())

    def _pool_settings(self) -> PoolSettings:
        settings = self.settings
        trusted = authorities(settings.environ) if settings.verify_tls else None
        return PoolSettings(settings.verify_tls, settings.max_connections, settings.clock, trusted)

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", classify: Classifier = by_status
    ) -> HttpResponse:
        """Make one call and return the accepted answer.

        The default classifier accepts every status except those worth another attempt: look at `status`.
        Raises ConfigError for an unusable URL or header; ServiceFault (with `attempts`) with reason `timeout`,
        `interrupted` (the stop event) or `settings.fault_reason`.
        """
        return self.send(self.prepare(method, url, headers), body, classify)

    def prepare(self, method: str, url: str, headers: Mapping[str, str]) -> Target:
        """Prepare a request that will be sent more than once; see `request` for the errors."""
        parts, port = split_url(url)
        host = str(parts.hostname)
        proxy = proxy_for(parts.scheme, host, port, self.settings.environ)
        lines = {"Host": parts.netloc, "User-Agent": f"arena/{__version__}", "Accept-Encoding": "identity"}
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if proxy is not None and parts.scheme == "http":
            path = f"{parts.scheme}://{parts.netloc}{path}"
            if proxy.authorization:
                lines["Proxy-Authorization"] = proxy.authorization
        for name, value in headers.items():
            _check_header(name, value)
            lines[name] = value
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return Target(method, url, Route(parts.scheme, host, port, proxy), head.encode("latin-1"))

    def send(
        self,
        target: Target | Rotation,
        body: bytes = b"",
        classify: Classifier = by_status,
        admit: Callable[[], float] | None = None,
        before_retry: Callable[[HttpAttempt], None] | None = None,
    ) -> HttpResponse:
        """Make one call with a prepared request; see `request`.

        `admit` is called before each attempt and returns the seconds to wait first (the arena's own pace, which the
        deadline does not count).  `before_retry`: see messages.ModelRequest.
        """
        settings = self.settings
        end = settings.clock() + settings.deadline_s
        attempts: list[HttpAttempt] = []
        failures = 0
        while True:
            own_wait = admit() if admit is not None else 0.0
            if own_wait > 0:
                self._sleep(own_wait)
                end += own_wait
            if settings.stop.is_set():
                raise ServiceFault("interrupted", "interrupted before an answer came", tuple(attempts))
            chosen = target if isinstance(target, Target) else target.take()
            started = settings.clock()
            reply, outcome = self._attempt(chosen, body, min(started + settings.timeout_s, end), classify)
            now = settings.clock()
            milliseconds = (now - started) * 1000.0
            if reply is not None and outcome.verdict.action == "accept":
                attempts.append(HttpAttempt(reply.status, milliseconds))
                value = outcome.verdict.value
                return HttpResponse(reply.status, reply.headers, reply.body, tuple(attempts), value, chosen)
            reason = self.redactor.text(outcome.verdict.reason)
            billed = outcome.may_be_billed
            attempts.append(HttpAttempt(outcome.status, milliseconds, reason, may_be_billed=billed))
            failures += not outcome.verdict.throttled
            if outcome.verdict.throttled and isinstance(target, Rotation):
                nominal = self._backoff.wait_s(len(attempts), outcome.asked_s)
                if target.rest(chosen, nominal):
                    outcome = outcome._replace(asked_s=None)  # another key is ready before this one is
            wait = self._wait_s(chosen, outcome, attempts, failures, end - now)
            attempts[-1] = replace(attempts[-1], wait_ms=wait * 1000.0)
            if before_retry is not None:
                ask_to_go_on(before_retry, tuple(attempts))
            self._sleep(wait)

    def _attempt(self, target: Target, body: bytes, end: float, classify: Classifier) -> tuple[Reply | None, _Outcome]:
        data = b"%sContent-Length: %d\r\n\r\n%s" % (target.head, len(body), body)
        try:
            reply = self._exchange(target, data, end)
            return reply, self._judge(target, reply, classify)
        except WireFault as fault:
            verdict = AnswerVerdict("retry" if fault.retry else "fail", str(fault))
            return None, _Outcome(verdict, timed_out=fault.kind == "timeout", may_be_billed=fault.sent)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _exchange(self, target: Target, data: bytes, end: float) -> Reply:
        """Send `data` and return the reply.

        If the server had closed a kept-alive connection, that is not a failure of the call: if no byte of a reply
        arrived on it, the request is sent again on a new one.
        """
        sock = self._pool.take(target.route)
        if sock is not None:
            try:
                return self._round_trip(target, sock, data, end)
            except WireFault as fault:
                if fault.kind != "stale":
                    raise
        left = end - self.settings.clock()
        if left <= 0:
            raise WireFault("timeout", "no time was left for the attempt")
        sock = self._pool.connect(target.route, min(left, self.settings.connect_timeout_s))
        return self._round_trip(target, sock, data, end)

    def _round_trip(self, target: Target, sock: Any, data: bytes, end: float) -> Reply:
        keep = False
        try:
            left = end - self.settings.clock()
            if left <= 0:
                raise WireFault("timeout", "no time was left for the attempt")
            if not left <= (sock.gettimeout() or 0.0) <= left * TIMEOUT_SLACK:
                sock.settimeout(left)
            reader = ReplyReader(sock, self.settings.clock, end, self.settings.max_body_bytes)
            try:
                sock.sendall(data)
            except TimeoutError:
                raise WireFault("timeout", "the request could not be sent within the time limit") from None
            except OSError:
                # A server may answer and close before it has read everything (413, 401): its answer counts.
                pass
            try:
                reply = reader.read(bodyless=target.method == "HEAD")
            except WireFault as fault:
                fault.sent = True
                raise
            keep = reply.keep_alive
            return reply
        finally:
            if keep:
                self._pool.put(target.route, sock)
            else:
                sock.close()

    def _judge(self, target: Target, reply: Reply, classify: Classifier) -> _Outcome:
        if reply.status in REDIRECTS:
            where = self._plain_address(reply.headers.get("location", "an unnamed place"))
            verdict = AnswerVerdict(
                "fail",
                f"HTTP {reply.status}: the server points to {where}; redirects are not followed, "
                "because that would hand the key on: set the address itself",
            )
        else:
            verdict = classify(reply.status, reply.headers, reply.body)
        if verdict.action == "accept" and reply.status < 400 and not verdict.reason:
            return _Outcome(verdict, reply.status)
        self._show(target, reply)
        asked: float | None = None
        if verdict.action == "retry":
            named = (retry_after_s(reply.headers, self.settings.wall_clock()), verdict.asked_s)
            asked = max((seconds for seconds in named if seconds is not None), default=None)
        late = reply.status in LATE_STATUSES
        return _Outcome(verdict, reply.status, late, asked, late or verdict.may_be_billed)

    def _plain_address(self, location: str) -> str:
        # Query and credentials may contain tokens; people need only the place itself, port included.
        shown = self.redactor.text(location)
        try:
            parts = urlsplit(shown)
        except ValueError:
            return f"an unreadable address ({shown.partition('?')[0][:80]!r})"
        place = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{place}{parts.path}" if place else parts.path or shown[:80]

    def _show(self, target: Target, reply: Reply) -> None:
        """Print the structured payload of a failed answer, if requested (ARENA_PRINT_HTTP_ERRORS)."""
        notify = self.settings.notify
        if notify is None or not self.settings.print_http_errors:
            return
        try:
            payload = parse_json(reply.body, "")
        except DataError:
            # Redacted before it is cut: otherwise a part of a key across the cut would remain.
            payload = excerpt(self.redactor.text(reply.body.decode("utf-8", "replace")).encode(), 2000)
        line = {"method": target.method, "url": without_secrets(target.url), "status": reply.status, "body": payload}
        notify("http error: " + json.dumps(self.redactor.json(line)))

    def _wait_s(
        self, target: Target, outcome: _Outcome, attempts: list[HttpAttempt], failures: int, left: float
    ) -> float:
        """Return how long to wait before the next attempt, or raise the ServiceFault that ends the call.

        `failures` are the attempts that failed for another reason than a limit on the rate.
        """
        reason = attempts[-1].error or ""
        fault = "timeout" if outcome.timed_out else self.settings.fault_reason
        host = target.route.host
        if outcome.verdict.action != "retry":
            raise ServiceFault(fault, f"{host}: {reason}", tuple(attempts))
        count = f"{len(attempts)} attempt{'s' if len(attempts) > 1 else ''}"
        if failures > self.settings.max_retries or not self.settings.max_retries:
            raise ServiceFault(fault, f"{host}: {reason} (gave up after {count})", tuple(attempts))
        wait = self._backoff.wait_s(len(attempts), outcome.asked_s)
        if wait >= left and outcome.asked_s is not None:  # perhaps only the added jitter does not fit
            wait = max(outcome.asked_s, self._backoff.wait_s(len(attempts), None))
        if wait >= left:
            asked = f"; the server asks to wait {outcome.asked_s:g} s" if outcome.asked_s is not None else ""
            limit = f"the next one would come after the deadline of {self.settings.deadline_s:g} s"
            raise ServiceFault(fault, f"{host}: {reason} (gave up after {count}: {limit}{asked})", tuple(attempts))
        return wait


def ask_to_go_on(before_retry: Callable[[HttpAttempt], None], attempts: tuple[HttpAttempt, ...]) -> None:
    """Call `before_retry` with the last of the attempts. Errors: what it raises, with all attempts."""
    try:
        before_retry(attempts[-1])
    except TrialEnded as end:
        end.attempts = attempts
        raise


def _check_header(name: str, value: str) -> None:
    if name.lower() in OWN_HEADERS:
        raise ConfigError(f"the header {name} is set by the transport itself")
    readable = value.isprintable() and value.isascii() and value == value.strip()
    if not readable or not name.replace("-", "").isalnum() or not name.isascii():
        raise ConfigError(
            f"the header {name[:40]!r} cannot be sent: names and values are printable ASCII without line breaks; "
            "check the key for stray characters"
        )
