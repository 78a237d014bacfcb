#!/usr/bin/env python3
"""Check that a deployed calculator answers like the local one: python3 scripts/cryptomath_lambda_contract_test.py.

The address comes from --url or CRYPTOMATH_LAMBDA_URL (environment or .env); calls are signed like those of a run. Every
example of the catalogue is sent to both; then the carrier itself is tried with wrong methods, bodies and sizes. Raw
events (API Gateway 1.0 and 2.0, direct invocation, base64) go to the Invoke API, if one is known: --invoke-url.
Exit codes: 0 all passed, 1 a check failed, 2 nothing could be checked.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.calculator.carrier import Outage, ensure_built, request_bytes  # noqa: E402
from arena.calculator.lambda_url import LambdaCalculator, credentials_for, read_body, redactor  # noqa: E402
from arena.calculator.relations import at  # noqa: E402
from arena.calculator.sigv4 import Credentials, HttpRequest, sign  # noqa: E402
from arena.errors import ArenaError, ConfigError, ServiceFault, UsageError  # noqa: E402
from arena.formats.tables import printable, text_table  # noqa: E402
from arena.providers.http.connections import is_loopback, without_secrets  # noqa: E402
from arena.providers.http.retry import RETRY_STATUSES, AnswerVerdict  # noqa: E402
from arena.providers.http.transport import HttpResponse, Transport, TransportSettings  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.settings.env import load_dotenv  # noqa: E402

PING = b'{"op":"ping","args":{}}'
PONG: Json = {"ok": True, "result": "pong"}
JSON_TYPE = "application/json"
_INVOKE_HOST = re.compile(r"lambda\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


@dataclass(slots=True)
class Report:
    """Outcomes of checks: (group, name) -> what was wrong ('' for nothing, None for skipped)."""

    rows: list[tuple[str, str, str | None]] = field(default_factory=list)

    def check(self, group: str, name: str, wrong: str | None) -> None:
        self.rows.append((group, name, wrong))

    def failed(self) -> list[tuple[str, str, str]]:
        return [(group, name, wrong) for group, name, wrong in self.rows if wrong]

    def text(self, verbose: bool) -> str:
        """Return a table of the groups, then every failure (verbose: every check)."""
        groups = list(dict.fromkeys(group for group, _, _ in self.rows))
        counts = []
        for group in groups:
            outcomes = [wrong for name, _, wrong in self.rows if name == group]
            skipped = outcomes.count(None)
            passed = outcomes.count("")
            counts.append([group, str(passed), str(len(outcomes) - passed - skipped), str(skipped)])
        table = text_table(["checks", "passed", "failed", "skipped"], counts, frozenset({1, 2, 3}))
        shown = [
            f"{'ok     ' if wrong == '' else 'skipped' if wrong is None else 'FAILED '}  {group}: {name}"
            + (f": {wrong}" if wrong else "")
            for group, name, wrong in self.rows
            if verbose or wrong
        ]
        return "\n".join([table, *([""] if shown else []), *shown])


class Target:
    """The deployed calculator: calls to its URL, and raw events to the Invoke API where one is known."""

    def __init__(self, url: str, invoke_url: str | None, environ: Mapping[str, str], timeout_s: float) -> None:
        self.url = url
        self.invoke_url = invoke_url
        self.environ = environ
        settings = TransportSettings.from_environ(
            environ, timeout_s=timeout_s, deadline_s=3 * timeout_s, max_retries=2, fault_reason="calculator"
        )
        self.http = Transport(settings, redactor(environ))
        self.calculator = LambdaCalculator(url, environ, self.http)
        self.token = environ.get("CRYPTOMATH_LAMBDA_TOKEN", "").strip()
        self.host = self.calculator.host

    def signs(self) -> bool:
        return not self.token and credentials_for(self.host, self.environ) is not None

    def send(self, method: str, body: bytes, content_type: str | None = JSON_TYPE, signed: bool = True) -> HttpResponse:
        """Send one HTTP request to the URL and return whatever comes back."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        if signed and self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif signed and (credentials := credentials_for(self.host, self.environ)):
            headers = sign(HttpRequest(method, self.url, headers, body), credentials, datetime.now(UTC))
        return self.http.request(method, self.url, headers, body, _take)

    def invoke(self, event: bytes) -> HttpResponse:
        """Hand one raw event to the Invoke API."""
        assert self.invoke_url is not None
        headers = {"Content-Type": JSON_TYPE}
        if credentials := invoke_credentials(self.invoke_url, self.environ):
            headers = sign(HttpRequest("POST", self.invoke_url, headers, event), credentials, datetime.now(UTC))
        return self.http.request("POST", self.invoke_url, headers, event, _take)


def _take(status: int, headers: Mapping[str, str], body: bytes) -> AnswerVerdict:
    """Accept every answer that may be the calculator's; retry the gateway's own 5xx and throttling."""
    if status in RETRY_STATUSES and not body.startswith(b'{"ok":'):
        return AnswerVerdict("retry", f"HTTP {status}")
    return AnswerVerdict("accept")


def invoke_credentials(url: str, environ: Mapping[str, str]) -> Credentials | None:
    """Return the credentials for a call of the Invoke API: None except for the hosts of AWS."""
    found = _INVOKE_HOST.fullmatch(str(urlsplit(url).hostname))
    key, secret = environ.get("AWS_ACCESS_KEY_ID", "").strip(), environ.get("AWS_SECRET_ACCESS_KEY", "").strip()
    if not found or not key or not secret:
        return None
    return Credentials(key, secret, environ.get("AWS_SESSION_TOKEN", "").strip() or None, found[1], "lambda")


def emulator_invoke_url(url: str) -> str | None:
    """Return the Invoke API next to a function URL of cargo-lambda's emulator, else None."""
    parts = urlsplit(url)
    found = re.fullmatch(r"/lambda-url/([\w-]+)/?", parts.path)
    if not found or not is_loopback(str(parts.hostname)):
        return None
    return f"{parts.scheme}://{parts.netloc}/2015-03-31/functions/{found[1]}/invocations"


class Local:
    """The local calculator, one process for all requests, unseeded like the deployed one."""

    def __init__(self, binary: Path) -> None:
        self.process = subprocess.Popen([binary, "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line: bytes) -> bytes:
        """Return the answer to one request, without the line end."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip(b"\n")

    def close(self) -> None:
        self.process.communicate()


def filled(args: Json, result: Json) -> Json:
    """Return the arguments of an example's second half: each `"$name"` is the member `name` of `result`
    (deeper ones as `"$name.inner.0"`), and `"$result"` is a result that has no such member."""
    if isinstance(args, dict):
        return {name: filled(value, result) for name, value in args.items()}
    if isinstance(args, list):
        return [filled(value, result) for value in args]
    if args == "$result" and not (isinstance(result, dict) and "result" in result):
        return result
    if isinstance(args, str) and args.startswith("$"):
        return at(result, args[1:].split("."), args)
    return args


def shown(body: bytes | Json) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else json.dumps(body)
    return text if len(text) <= 120 else text[:117] + "..."


def check_example(row: Mapping[str, Json], target: Target, local: Local) -> str:
    """Return the problem of the deployed answer to an op's example, '' for none."""
    example = row["example"]
    request = request_bytes(example["op"], example["args"], None, None)
    if not row["randomised"] or "result" in example:
        answer, want = target.send("POST", request).body, local.ask(request)
        return "" if answer == want else f"answers {shown(answer)}, the local one {shown(want)}"
    answered = target.calculator.call(example["op"], example["args"], "").answer
    if not answered["ok"]:
        return f"answers {shown(answered)}"
    result: Json = answered["result"]
    if "then" in example:
        then = example["then"]
        args = filled(then["args"], result)
        there = target.calculator.call(then["op"], args, "").answer
        here = json.loads(local.ask(request_bytes(then["op"], args, None, None)))
        if there.get("result") != then["result"]:
            return f"{then['op']} answers {shown(there)} there"
        return "" if here.get("result") == then["result"] else f"{then['op']} answers {shown(here)} here"
    if "result_bytes" in example:
        good = isinstance(result, str) and re.fullmatch(f"[0-9a-f]{{{2 * example['result_bytes']}}}", result)
        return "" if good else f"is not {example['result_bytes']} bytes of hex: {shown(result)}"
    missing = [name for name in example["result_has"] if not isinstance(result, dict) or name not in result]
    return f"lacks {missing}" if missing else ""


def check_examples(report: Report, target: Target, local: Local) -> None:
    """Check every example of the local catalogue, which must equal the deployed one."""
    catalogue = json.loads(local.ask(b'{"op":"ops","args":{}}'))["result"]
    identity = target.calculator.identity()
    same = identity["catalogue"] == catalogue["catalogue"]
    wrong = "" if same else f"{identity['catalogue']} there, {catalogue['catalogue']} here: deploy this version"
    report.check("catalogue", f"{identity['ops']} ops", wrong)
    for row in catalogue["ops"]:
        group = "examples, randomised" if row["randomised"] else "examples, deterministic"
        try:
            report.check(group, row["name"], check_example(row, target, local))
        except ServiceFault as fault:
            report.check(group, row["name"], str(fault))


def verdict_on(response: HttpResponse, status: int, expected: Json) -> str:
    """Compare a response with a status and an answer, or an error code (text)."""
    try:
        answer: Json = read_body(response.body)
    except Outage as outage:
        answer = str(outage)
    found = answer if not isinstance(expected, str) or not isinstance(answer, dict) else _code(answer)
    if (response.status, found) == (status, expected):
        return ""
    return f"HTTP {response.status} {shown(found)}, not {status} {shown(expected)}"


def _code(answer: Mapping[str, Json]) -> Json:
    error = answer.get("error")
    return error.get("code") if isinstance(error, dict) else answer


def check_http(report: Report, target: Target) -> None:
    """Check the carrier's own answers to requests to the URL."""
    over, type_text = b" " * ((1 << 20) + 1), "text/plain"
    cases: tuple[tuple[str, Callable[[], HttpResponse], int, Json], ...] = (
        ("POST", lambda: target.send("POST", PING), 200, PONG),
        ("charset", lambda: target.send("POST", PING, "application/json; charset=utf-8"), 200, PONG),
        ("GET", lambda: target.send("GET", b""), 405, "method_not_allowed"),
        ("PUT", lambda: target.send("PUT", PING), 405, "method_not_allowed"),
        ("DELETE", lambda: target.send("DELETE", b""), 405, "method_not_allowed"),
        ("text/plain", lambda: target.send("POST", PING, type_text), 415, "unsupported_content"),
        ("no content type", lambda: target.send("POST", PING, None), 415, "unsupported_content"),
        ("bad JSON", lambda: target.send("POST", b'{"op":'), 400, "bad_json"),
        ("no body", lambda: target.send("POST", b""), 400, "bad_json"),
        ("a key twice", lambda: target.send("POST", b'{"op":"ping","op":"ping"}'), 400, "duplicate_key"),
        ("unknown op", lambda: target.send("POST", b'{"op":"nonesuch"}'), 400, "unknown_op"),
        ("a seed", lambda: target.send("POST", b'{"op":"ping","seed":"00"}'), 400, "seed_not_allowed"),
        ("more than 1 MiB", lambda: target.send("POST", over), 413, "limit_exceeded"),
    )
    for name, send, status, expected in cases:
        try:
            report.check("requests", name, verdict_on(send(), status, expected))
        except ServiceFault as fault:
            report.check("requests", name, str(fault))
    try:
        status = target.send("POST", b" " * (6 * 2**20 + 2)).status
        report.check("requests", "more than 6 MiB", "" if status == 413 else f"HTTP {status}, not 413")
    except ServiceFault as fault:
        report.check("requests", "more than 6 MiB", str(fault))
    if target.signs() and not is_loopback(target.host):
        status = target.send("POST", PING, signed=False).status
        report.check("requests", "without a signature", "" if status == 403 else f"HTTP {status}, not 403")
    else:
        report.check("requests", "without a signature (calls are not signed here)", None)


def event_v1(method: str, content_type: str, body: str | None, is_base64: bool) -> dict[str, Json]:
    """An event in the form of API Gateway's payload 1.0."""
    return {
        "resource": "/", "path": "/", "httpMethod": method, "headers": {"Content-Type": content_type},
        "multiValueHeaders": {"Content-Type": [content_type]}, "queryStringParameters": None,
        "requestContext": {"httpMethod": method, "path": "/", "stage": "prod"}, "body": body,
        "isBase64Encoded": is_base64,
    }  # fmt: skip


def event_v2(method: str, content_type: str, body: str | None, is_base64: bool) -> dict[str, Json]:
    """An event in the form of API Gateway's payload 2.0 and Function URLs."""
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": {"content-type": content_type},
        "requestContext": {"http": {"method": method, "path": "/", "protocol": "HTTP/1.1"}, "stage": "$default"},
        "body": body, "isBase64Encoded": is_base64,
    }  # fmt: skip


Event = tuple[str, bytes, int | None, Json]
"""Name, event, status inside the envelope (None: a bare answer), answer or error code."""


def events() -> Iterator[Event]:
    """The raw events to try."""
    encoded = base64.b64encode(PING).decode()
    huge = base64.b64encode(b" " * ((1 << 20) + 1)).decode()
    for version, build in (("1.0", event_v1), ("2.0", event_v2)):
        for name, parts, status, expected in (
            ("POST", ("POST", JSON_TYPE, PING.decode(), False), 200, PONG),
            ("base64", ("POST", JSON_TYPE, encoded, True), 200, PONG),
            ("not base64", ("POST", JSON_TYPE, "%%%", True), 400, "bad_encoding"),
            ("base64, not UTF-8", ("POST", JSON_TYPE, "/w==", True), 400, "bad_json"),
            ("base64, more than 1 MiB", ("POST", JSON_TYPE, huge, True), 413, "limit_exceeded"),
            ("GET", ("GET", JSON_TYPE, None, False), 405, "method_not_allowed"),
            ("text/plain", ("POST", "text/plain", PING.decode(), False), 415, "unsupported_content"),
            ("bad JSON", ("POST", JSON_TYPE, "{", False), 400, "bad_json"),
        ):
            yield f"payload {version}: {name}", json.dumps(build(*parts)).encode(), status, expected
    yield "direct: ping", PING, None, PONG
    yield "direct: a key twice", b'{"op":"ping","op":"ping"}', None, "duplicate_key"
    yield "direct: a number", b"7", None, "bad_type"
    yield "direct: a seed", b'{"op":"ping","seed":"00"}', None, "seed_not_allowed"
    yield "direct: more than 1 MiB", b'{"op":"%s"}' % (b"x" * (1 << 20)), None, "limit_exceeded"


def check_events(report: Report, target: Target) -> None:
    """Check raw events, if the target accepts them."""
    if target.invoke_url is None:
        report.check("events", "all (no Invoke API is known: --invoke-url)", None)
        return
    for name, event, status, expected in events():
        try:
            report.check("events", name, _event_verdict(target.invoke(event), status, expected))
        except ServiceFault as fault:
            report.check("events", name, str(fault))


def _event_verdict(response: HttpResponse, status: int | None, expected: Json) -> str:
    outer: Json = json.loads(response.body) if response.body[:1] == b"{" else None
    if not isinstance(outer, dict) or response.status != 200:
        return f"HTTP {response.status} {shown(response.body)}"
    if outer.get("statusCode") != status:
        return f"statusCode {outer.get('statusCode')}, not {status}"
    return verdict_on(response, 200, expected)


def run(flags: argparse.Namespace) -> int:
    """Make all checks and print the table; returns the exit code."""
    environ = load_dotenv(os.environ, ROOT)
    url = (flags.url or environ.get("CRYPTOMATH_LAMBDA_URL", "")).strip()
    if not url:
        raise ConfigError("give --url or set CRYPTOMATH_LAMBDA_URL: the address that the deployment printed")
    binary = flags.binary or ensure_built(ROOT, lambda line: print(line, file=sys.stderr), environ)
    if binary is None:
        raise ConfigError("the answers are compared with those of the local calculator, which needs cargo")
    target = Target(url, flags.invoke_url or emulator_invoke_url(url), environ, flags.timeout)
    local = Local(binary)
    report = Report()
    try:
        try:
            target.calculator.call("ping", {}, "")
        except ServiceFault as fault:
            raise UsageError(f"the calculator does not answer, so nothing was checked: {fault}") from fault
        check_examples(report, target, local)
        check_http(report, target)
        check_events(report, target)
    finally:
        local.close()
        target.calculator.close()
    print(f"{without_secrets(url)}\n{printable(report.text(flags.verbose))}")
    return 1 if report.failed() else 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="address of the deployed calculator (default: CRYPTOMATH_LAMBDA_URL)")
    parser.add_argument("--invoke-url", help="its Invoke API, for raw events (known for cargo-lambda's emulator)")
    parser.add_argument("--binary", type=Path, help="local calculator to compare with (default: the one of the clone)")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one request (default: 60)")
    parser.add_argument("--verbose", action="store_true", help="print every check, and not only the failed ones")
    try:
        return run(parser.parse_args(argv))
    except ArenaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
