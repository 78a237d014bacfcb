"""AWS Signature Version 4 for one HTTP request. No I/O.

Source: AWS, "Create a signed AWS API request" (IAM User Guide, reference for Signature Version 4). Checked against
requests signed by botocore: tests/data/sigv4/README.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"

UNSIGNED_HEADERS = frozenset({"authorization", "user-agent", "expect", "transfer-encoding", "x-amzn-trace-id"})
"""Headers that proxies may change on the way, which therefore are not signed."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The signer and the scope: `service` is `lambda` (function URLs) or `execute-api` (API Gateway)."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    region: str
    service: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id[:4]}..., region={self.region!r}, service={self.service!r})"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The request to sign; `url` is absolute, its host and port are those of the `Host` header."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def sign(request: HttpRequest, credentials: Credentials, now: datetime) -> dict[str, str]:
    """Return the headers of `request` with the signature's added (X-Amz-Date, X-Amz-Security-Token, Authorization).

    `now`: an aware datetime. The `Host` header is signed but not returned: the transport writes it.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {**request.headers, "X-Amz-Date": stamp}
    if credentials.session_token:
        headers["X-Amz-Security-Token"] = credentials.session_token
    parts = urlsplit(request.url)
    signed = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    signed = {name: value for name, value in signed.items() if name not in UNSIGNED_HEADERS}
    signed["host"] = parts.netloc.rpartition("@")[2]
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        (
            request.method.upper(),
            _canonical_path(parts.path),
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(request.body).hexdigest(),
        )
    )
    scope = f"{stamp[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_signing_key(credentials, stamp[:8]), to_sign.encode(), "sha256").hexdigest()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _signing_key(credentials: Credentials, day: str) -> bytes:
    key = b"AWS4" + credentials.secret_access_key.encode()
    for part in (day, credentials.region, credentials.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical_path(path: str) -> str:
    """Normalise the path (no empty, `.` and `..` segments) and encode it once more, as every service but S3 wants."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    normal = "/" + "/".join(kept)
    if kept and path.endswith("/"):
        normal += "/"
    return quote(normal, safe="/~")


def _canonical_query(query: str) -> str:
    pairs = [(quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in _pairs(query)]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = []
    for piece in query.split("&") if query else []:
        name, _, value = piece.partition("=")
        pairs.append((name, value))
    return pairs
