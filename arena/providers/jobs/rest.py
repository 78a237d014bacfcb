"""JSON over HTTP for services that create resources: retries never create one twice.

A GET or DELETE is tried again like any call. A POST is tried again only if the server says that it did nothing
(429, 503). The effect of a POST that was cut off is unknown; the caller then asks for the resource by name.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from arena.errors import ArenaError, ConfigError, DataError, ServiceFault
from arena.formats.bounded import parse_json
from arena.providers.http.retry import AnswerVerdict, Backoff, by_status, excerpt, retry_after_s
from arena.providers.http.transport import HttpResponse, Transport
from arena.records import Json

NOT_DONE = frozenset({429, 503})
"""Statuses with which a server says that it did nothing (RFC 6585, RFC 9110)."""

Answer = dict[str, Any]


class Refused(ArenaError):
    """A service answered with an error. `status`: of HTTP; the text is the service's, redacted."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


class RestClient:
    """One service. `base`: address without a trailing slash; `headers`: those with the key."""

    def __init__(self, transport: Transport, base: str, headers: Mapping[str, str]) -> None:
        self._transport, self._base, self._headers = transport, base.rstrip("/"), dict(headers)
        settings = transport.settings
        self._once = Transport(replace(settings, max_retries=0), transport.redactor)
        self._backoff = Backoff(settings.backoff_base_s, settings.backoff_cap_s, settings.random)
        self._sleep = settings.sleep or settings.stop.wait

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        return self._object(self._send("GET", path, query), path)

    def content(self, path: str) -> bytes:
        """Return the raw body of a GET. Errors: Refused, ServiceFault."""
        return self._send("GET", path, None).body

    def delete(self, path: str, query: Mapping[str, str] | None = None) -> None:
        self._send("DELETE", path, query)

    def post(self, path: str, payload: Json, query: Mapping[str, str] | None = None) -> Answer:
        body = json.dumps(payload, separators=(",", ":")).encode()
        return self._object(self._send("POST", path, query, body, "application/json"), path)

    def post_form(self, path: str, fields: Mapping[str, str], file: tuple[str, bytes] | None = None) -> Answer:
        """Send a form with texts and one file (RFC 7578). `file`: name and content, sent as the part `file`."""
        boundary = f"arena-{secrets.token_hex(16)}"
        part = ("file", *file) if file is not None else None
        body = b"".join(_parts(boundary, fields, part))
        return self._object(self._send("POST", path, None, body, f"multipart/form-data; boundary={boundary}"), path)

    def post_part(self, path: str, data: bytes) -> Answer:
        """Send one part of a large file, as the part `data` of a form."""
        boundary = f"arena-{secrets.token_hex(16)}"
        body = b"".join(_parts(boundary, {}, ("data", "part", data)))
        return self._object(self._send("POST", path, None, body, f"multipart/form-data; boundary={boundary}"), path)

    def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, body: bytes = b"", kind: str = ""
    ) -> HttpResponse:
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {**self._headers, **({"Content-Type": kind} if kind else {})}
        if method == "POST":
            response = self._post(url, headers, body)
        else:
            response = self._transport.request(method, url, headers, body, by_status)
        if response.status >= 400:
            raise Refused(response.status, self._transport.redactor.text(_message(response.body)))
        return response

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send a POST; again only if the server says that it did nothing."""
        settings = self._transport.settings
        failures = 0
        while True:
            self._once.close()  # on a kept connection a request may be sent twice
            response = self._once.request("POST", url, headers, body, lambda *answer: AnswerVerdict("accept"))
            failures += 1
            if response.status not in NOT_DONE or failures > settings.max_retries or settings.stop.is_set():
                return response
            asked = retry_after_s(response.headers, settings.wall_clock())
            self._sleep(self._backoff.wait_s(failures, asked))

    @staticmethod
    def _object(response: HttpResponse, path: str) -> Answer:
        try:
            found = parse_json(response.body or b"{}", path)
        except DataError as error:
            raise ServiceFault("provider", f"{path}: the answer is not JSON: {error}") from None
        if not isinstance(found, dict):
            raise ServiceFault("provider", f"{path}: the answer is not a JSON object")
        return found

    def close(self) -> None:
        self._transport.close()
        self._once.close()


def _message(body: bytes) -> str:
    """Return the text of an error: `error.message` (OpenAI), `message` (Google's RPC form, Fireworks), or its start."""
    try:
        found = parse_json(body, "error")
    except DataError:
        return excerpt(body)
    if isinstance(found, dict):
        inner = found.get("error")
        for place in (inner, found):
            if isinstance(place, dict) and isinstance(place.get("message"), str):
                return " ".join(place["message"].split())[:500]
    return excerpt(body)


def _parts(boundary: str, fields: Mapping[str, str], file: tuple[str, str, bytes] | None) -> Iterator[bytes]:
    for name, value in fields.items():
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if file is not None:
        field, name, data = file
        head = f'Content-Disposition: form-data; name="{field}"; filename="{quote(Path(name).name)}"'
        yield f"--{boundary}\r\n{head}\r\nContent-Type: application/jsonl\r\n\r\n".encode()
        yield data
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def text_member(answer: Mapping[str, Json], name: str, what: str) -> str:
    """Return a member that must be text. Errors: ServiceFault naming the answer."""
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise ServiceFault("provider", f"{what}: the answer lacks {name!r}")
    return found


def key_of(environ: Mapping[str, str], variable: str) -> str:
    """Return a key. Errors: ConfigError naming the variable."""
    key = environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"set {variable} in the environment or in .env")
    return key
