"""The test server is strict: otherwise the providers' tests would prove nothing."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.providers.http.transport import Transport
from tests.support.http_rig import settings_for
from tests.support.http_server import KEY, ModelServer
from tests.support.light_server import ANSWER

ROOT = Path(__file__).resolve().parents[2]
USER = [{"role": "user", "content": "hi"}]
BEARER = {"Authorization": f"Bearer {KEY}"}
OLD = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
NEW = {**BEARER, "anthropic-version": "2026-10-21"}
ITEMS = [{"type": "message", "role": "user", "content": "hi"}]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def ask(url: str, path: str, headers: dict[str, str], payload: Any) -> tuple[int, Any]:
    transport = Transport(settings_for())
    body = json.dumps(payload).encode()
    response = transport.request("POST", url + path, {"Content-Type": "application/json", **headers}, body)
    transport.close()
    return response.status, json.loads(response.body)


@pytest.mark.parametrize(
    ("path", "headers", "payload"),
    [
        ("/chat/completions", BEARER, {"model": "m", "messages": USER}),
        ("/responses", BEARER, {"model": "m", "input": ITEMS, "max_output_tokens": 16}),
        ("/messages", OLD, {"model": "m", "messages": USER, "max_tokens": 5, "temperature": 1}),
        ("/messages", NEW, {"model": "m", "messages": USER, "max_tokens": 5}),
        ("/chat/completions", {"api-key": KEY}, {"model": "m", "messages": USER}),
        ("/chat/completions", BEARER, {"model": "m", "messages": [*USER, *USER, {"role": "assistant", "content": ""}]}),
        ("/responses", BEARER, {"model": "m", "input": "hi", "store": False}),
        (
            "/messages",
            OLD,
            {
                "model": "m",
                "system": [{"type": "text", "text": "s"}],
                "max_tokens": 5,
                "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
            },
        ),
    ],
)
def test_good_requests_are_answered_by_their_content_alone(
    server: ModelServer, path: str, headers: dict[str, str], payload: Any
) -> None:
    first, second = ask(server.url, path, headers, payload), ask(server.url, path, headers, payload)
    assert first[0] == 200 and first == second
    assert server.seen[0].digest == server.seen[1].digest and server.refused == []


@pytest.mark.parametrize(
    ("path", "headers", "payload", "status", "message"),
    [
        ("/chat/completions", BEARER, {"model": "m", "messages": USER, "junk": 1}, 400, "Unknown parameter: junk"),
        ("/chat/completions", BEARER, {"messages": USER}, 400, "Missing required parameter: model"),
        ("/chat/completions", BEARER, {"model": "m", "messages": []}, 400, "messages must be"),
        ("/chat/completions", BEARER, {"model": "m", "messages": [{"role": "user", "content": None}]}, 400, "got null"),
        ("/chat/completions", BEARER, {"model": "m", "messages": [{"role": "bot", "content": "x"}]}, 400, "'bot'"),
        ("/chat/completions", BEARER, {"model": "m", "messages": [{"role": "tool", "tool_call_id": "1",
                                                                  "content": "x"}]}, 400, "response to a preceding"),
        ("/chat/completions", BEARER, {"model": "m", "messages": USER, "temperature": 3}, 400, "at most 2"),
        ("/chat/completions", BEARER, {"model": "m", "messages": USER, "tools": [{"type": "function"}]}, 400, "tools"),
        ("/chat/completions", BEARER, {"model": "m", "messages": USER, "response_format": {
            "type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}},
         400, "additionalProperties"),
        ("/responses", BEARER, {"model": "m", "input": [{"type": "function_call_output", "call_id": "1",
                                                         "output": "x"}]}, 400, "No tool call found"),
        ("/messages", OLD, {"model": "m", "messages": [*USER, {"role": "assistant", "content": "x"}], "max_tokens": 5},
         400, "the last turn"),
        ("/messages", OLD, {"model": "m", "messages": [{"role": "user", "content": " "}], "max_tokens": 5},
         400, "non-empty"),
        ("/messages", OLD, {"model": "m", "messages": [*USER, {"role": "system", "content": "x"}], "max_tokens": 5},
         400, "role"),
        ("/messages", OLD, {"model": "m", "messages": USER, "max_tokens": 0}, 400, "at least 1"),
        ("/chat/completions", BEARER, {"model": "m", "messages": USER, "seed": True}, 400, "wrong type of seed"),
        ("/chat/completions", BEARER, [], 400, "must be a JSON object"),
        ("/chat/completions", {"Authorization": "Bearer other"}, {"model": "m", "messages": USER}, 401, "key"),
        ("/chat/completions", {}, {"model": "m", "messages": USER}, 401, "key"),
        ("/responses", BEARER, {"model": "m", "input": ITEMS, "max_output_tokens": 15}, 400, "at least 16"),
        ("/responses", BEARER, {"model": "m", "input": ITEMS, "max_tokens": 99}, 400, "Unknown parameter"),
        ("/messages", OLD, {"model": "m", "messages": USER}, 400, "Missing required parameter: max_tokens"),
        ("/messages", NEW, {"model": "m", "messages": USER, "max_tokens": 5, "top_p": 1}, 400, "not permitted"),
        ("/messages", {"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {"model": "m"}, 401, "key"),
        ("/nowhere", BEARER, {}, 404, "no such place"),
    ],
)  # fmt: skip
def test_bad_requests_are_refused_and_noted(
    server: ModelServer, path: str, headers: dict[str, str], payload: Any, status: int, message: str
) -> None:
    answer = ask(server.url, path, headers, payload)
    assert answer[0] == status and message in answer[1]["error"]["message"]
    assert len(server.refused) == 1 and len(server.seen) == 1


@pytest.mark.parametrize(
    ("path", "headers", "payload", "word"),
    [
        ("/chat/completions", BEARER, {"model": "m", "messages": USER, "max_completion_tokens": 5}, '"length"'),
        ("/responses", BEARER, {"model": "m", "input": ITEMS, "max_output_tokens": 16}, '"max_output_tokens"'),
        ("/messages", OLD, {"model": "m", "messages": USER, "max_tokens": 5}, '"max_tokens"'),
    ],
)
def test_an_answer_is_cut_at_the_limit_of_tokens(
    server: ModelServer, path: str, headers: dict[str, str], payload: Any, word: str
) -> None:
    reply = json.dumps(ask(server.url, path, headers, payload)[1])
    assert word in reply and "step by step" not in reply


def test_a_judge_gets_a_verdict_with_the_dimensions_it_was_asked_for(server: ModelServer) -> None:
    system = 'Answer with {"scores": {"Dim A": n, "Dim B": n}, "verdict": "one paragraph"}'
    payload = {"model": "m", "messages": [{"role": "system", "content": system}, *USER]}
    _, reply = ask(server.url, "/chat/completions", BEARER, payload)
    verdict = json.loads(reply["choices"][0]["message"]["content"])
    assert list(verdict["scores"]) == ["Dim A", "Dim B"] and set(verdict["scores"].values()) <= {1, 2, 3, 4, 5}
    assert verdict["verdict"]


@pytest.mark.parametrize("module", ["tests.support.http_server", "tests.support.latency_server"])
def test_the_servers_run_in_a_process_of_their_own(module: str, tmp_path: Path) -> None:
    log = ["--log", str(tmp_path / "seen.jsonl")] if module == "tests.support.http_server" else []
    command = [sys.executable, "-m", module, "--port", "0", "--latency-ms", "1", *log]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
            status, reply = ask(url, "/chat/completions", BEARER, {"model": "m", "messages": USER})
            assert status == 200 and reply["choices"][0]["message"]["content"].startswith("Statement 1")
            if log:
                lines = [json.loads(line) for line in Path(log[1]).read_text(encoding="utf-8").splitlines()]
                assert [line["n"] for line in lines] == [0] and re.fullmatch("[0-9a-f]{32}", lines[0]["digest"])
        finally:
            process.kill()


def test_the_light_server_answers_every_request_of_a_connection() -> None:
    command = [sys.executable, "-m", "tests.support.light_server", "--latency-ms", "1"]
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            with socket.create_connection(("127.0.0.1", int(process.stdout.readline()))) as client:
                for piece in (request[:20], request[20:] + request + request[:-1], request[-1:]):
                    client.sendall(piece)
                with client.makefile("rb") as answers:
                    assert answers.read(3 * len(ANSWER)) == 3 * ANSWER
        finally:
            process.kill()
