"""The calculator behind HTTP: a Lambda Function URL or an API Gateway URL (`lambda`).

It has no seeded mode: randomised calls are recorded in the journal and cannot be recomputed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from arena.calculator.carrier import CalculatorSettings, Catalogue, Outage, call_twice, read_answer, request_bytes
from arena.providers.http.connections import is_loopback, proxy_secrets, split_url
from arena.errors import ConfigError, ServiceFault
from arena.messages import HttpAttempt, ToolAnswer
from arena.records import Json
from arena.settings.redaction import Redactor
from arena.providers.http.retry import RETRY_STATUSES, AnswerVerdict, excerpt
from arena.calculator.sigv4 import Credentials, HttpRequest, sign
from arena.providers.http.transport import HttpResponse, Transport, TransportSettings

_FUNCTION_HOST = re.compile(r"[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")
_GATEWAY_HOST = re.compile(r"[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_RETRIES = 3
_DEADLINE_S = 240.0
"""Less than the five minutes for which AWS accepts a signature, because retries do not sign again."""


class Http(Protocol):
    """The part of transport.Transport that is used."""

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        classify: Callable[[int, Mapping[str, str], bytes], AnswerVerdict] = ...,
    ) -> HttpResponse: ...

    def close(self) -> None: ...


def credentials_for(host: str, environ: Mapping[str, str]) -> Credentials | None:
    """Return the credentials for signing calls to `host`, or None.

    Hosts of AWS name region and service. Calls to another host (an own domain before API Gateway) are signed only when
    AWS_REGION or AWS_DEFAULT_REGION is set, because they would show it a session token.
    """
    key, secret = environ.get("AWS_ACCESS_KEY_ID", "").strip(), environ.get("AWS_SECRET_ACCESS_KEY", "").strip()
    if not key and not secret:
        return None
    if not key or not secret:
        missing = "AWS_SECRET_ACCESS_KEY" if key else "AWS_ACCESS_KEY_ID"
        raise ConfigError(f"{missing} is missing: set both keys, or neither for a calculator without authentication")
    chosen = (environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "").strip()
    token = environ.get("AWS_SESSION_TOKEN", "").strip() or None
    for pattern, service in ((_FUNCTION_HOST, "lambda"), (_GATEWAY_HOST, "execute-api")):
        if found := pattern.fullmatch(host):
            # The host's region, not AWS_REGION: a signature for another region is always refused.
            return Credentials(key, secret, token, found.group(1), service)
    return Credentials(key, secret, token, chosen, "execute-api") if chosen else None


def redactor(environ: Mapping[str, str]) -> Redactor:
    """Return the redactor that removes the keys in `environ` from answers and messages."""
    return Redactor.from_environ(environ, proxy_secrets(environ))


def read_body(body: bytes) -> dict[str, Json]:
    """Return the answer in an HTTP body: the calculator's own JSON, or an API Gateway envelope around it.

    Raises Outage for anything else, for example errors of Lambda itself (`errorMessage`, `message`).
    """
    try:
        outer = json.loads(body)
    except (ValueError, RecursionError):
        raise Outage("calculator", f"the answer is not JSON: {excerpt(body)}") from None
    if isinstance(outer, dict) and "ok" not in outer and isinstance(outer.get("body"), str) and "statusCode" in outer:
        inner = outer["body"].encode("utf-8", "replace")
        if outer.get("isBase64Encoded") is True:
            try:
                inner = base64.b64decode(inner, validate=True)
            except (binascii.Error, ValueError):
                raise Outage("calculator", "the envelope's body is not base64, though it says so") from None
        return read_answer(inner, None)
    if isinstance(outer, dict) and "ok" not in outer:
        for key in ("errorMessage", "Message", "message"):
            if isinstance(outer.get(key), str):
                raise Outage("calculator", f"the function failed: {outer[key][:200]}")
    return read_answer(body, None)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> AnswerVerdict:
    """Accept every answer of the calculator with any status; retry the RETRY_STATUSES; refuse the rest."""
    try:
        answer = read_body(body)
    except Outage as outage:
        if status in RETRY_STATUSES:
            return AnswerVerdict("retry", f"HTTP {status}: {outage}")
        if status in (401, 403):
            return AnswerVerdict(
                "fail",
                f"HTTP {status}: the calculator refuses the caller ({excerpt(body, 120)}): check AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or CRYPTOMATH_LAMBDA_TOKEN",
            )
        if status >= 400:
            return AnswerVerdict("fail", f"HTTP {status}: {outage}: check the URL of the calculator")
        return AnswerVerdict("retry", str(outage))
    return AnswerVerdict("accept", value=answer)


class LambdaCalculator:
    """The carrier `lambda`. Thread-safe as its transport is."""

    name = "lambda"
    seeded = False

    def __init__(
        self, url: str, environ: Mapping[str, str], http: Http, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        parts, _ = split_url(url)
        self.host = str(parts.hostname)
        self.url = url
        self._http = http
        self._now = now
        self._closed = False
        self._token = environ.get("CRYPTOMATH_LAMBDA_TOKEN", "").strip()
        self._redactor = redactor(environ)
        self._credentials = None if self._token else credentials_for(self.host, environ)
        if (self._token or self._credentials) and parts.scheme == "http" and not is_loopback(self.host):
            raise ConfigError("the calculator's URL is http://, which would show its key to the network: use https://")
        self._catalogue = Catalogue(lambda op: self.call(op, {}, ""))

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        """Carry out one call; the seed is not sent. See messages.Calculator."""
        if self._closed:
            raise ServiceFault("interrupted", "the calculator is closed")
        body = request_bytes(op, args, None, None)
        attempts: list[HttpAttempt] = []

        def once() -> dict[str, Json]:
            response = self._http.request("POST", self.url, self._headers(body), body, self._classify)
            attempts.extend(response.attempts)
            answer: dict[str, Json] = self._redactor.json(response.value)
            return answer

        answered = call_twice(op, once, lambda: self._closed)
        return ToolAnswer(answered.answer, answered.ms, tuple(attempts))

    def _classify(self, status: int, headers: Mapping[str, str], body: bytes) -> AnswerVerdict:
        """Like `classify`, for the redacted body: redaction after a cut could leave a part of a key."""
        if not self._redactor.clean(body):
            body = self._redactor.text(body.decode("utf-8", "replace")).encode("utf-8", "replace")
        return classify(status, headers, body)

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        elif self._credentials:
            return sign(HttpRequest("POST", self.url, headers, body), self._credentials, self._now())
        return headers

    def catalogue(self) -> list[dict[str, Json]]:
        return self._catalogue.rows()

    def identity(self) -> dict[str, Json]:
        """Provider, crate version, digest of the catalogue, number of ops, seeded, host of the URL."""
        return {"provider": self.name, **self._catalogue.identity(), "seeded": False, "host": self.host}

    def close(self) -> None:
        self._closed = True
        self._http.close()


def build(name: str, settings: CalculatorSettings) -> LambdaCalculator:
    """Return the carrier `lambda`. Raises ConfigError for a missing or unusable URL and half-set keys."""
    url = (settings.lambda_url or "").strip()
    if not url:
        raise ConfigError(
            "--calculator-provider lambda needs --calculator-lambda-url or CRYPTOMATH_LAMBDA_URL: "
            "the URL that the deployment printed"
        )
    environ = settings.environ
    transport = Transport(
        TransportSettings.from_environ(
            environ,
            settings.notify,
            timeout_s=settings.timeout_s,
            deadline_s=min(_DEADLINE_S, settings.timeout_s * (_RETRIES + 2)),
            max_retries=_RETRIES,
            fault_reason="calculator",
            stop=settings.stop,
        ),
        redactor(environ),
    )
    return LambdaCalculator(url, environ, transport)
