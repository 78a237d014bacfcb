"""--tool-calls native: ops are offered as tools, called and answered in each API's own form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import (
    NO_TOOLS,
    Ended,
    Table,
    arena,
    challenge,
    challenge_file,
    process,
    script_file,
    verdict,
)
from tests.support.http_server import KEY, ModelServer, Scripted

BASES = {"openai": "OPENAI", "openai-chat": "OPENAI_CHAT", "anthropic": "ANTHROPIC", "local": "ARENA_LOCAL"}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC", "ARENA_LOCAL"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)


def play(tmp_path: Path, server: ModelServer, name: str, *words: str, out: str = "run") -> Ended:
    judge = script_file(tmp_path / "judge.json", judge=[verdict(4)] * 9)
    mp = pytest.MonkeyPatch()
    with mp.context() as patch:
        patch.setenv(f"{BASES[name]}_BASE_URL", server.url)
        return arena(
            "--participant-model", f"{name}/m-1", "--judge-model", judge, "--tool-calls", "native", "--max-turns", "2",
            "--challenges", challenge_file(tmp_path / "c.json", challenge("c1")), "--workers", "1",
            "--out", str(tmp_path / out), *words,
        )  # fmt: skip


def calling(name: str, arguments: str, text: str | None = None, call_id: str = "call_1") -> Scripted:
    """A Chat Completions reply that calls a tool."""

    def edit(reply: dict[str, Any]) -> None:
        function = {"name": name, "arguments": arguments}
        message = reply["choices"][0]["message"]
        message.update(content=text, tool_calls=[{"id": call_id, "type": "function", "function": function}])
        reply["choices"][0]["finish_reason"] = "tool_calls"

    return Scripted(edit=edit)


@pytest.mark.parametrize("name", BASES)
def test_calls_go_out_and_come_back_in_the_form_of_each_api(name: str, tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        for _ in range(2):  # whichever turn the server's model calls in
            server.script(Scripted(edit=lambda reply: _call(name, reply)), Scripted(edit=lambda reply: None))
        ended = play(tmp_path, server, name)
        assert not server.refused and ended.code == 0
        assert all(seen.payload["tools"] for seen in server.seen)
    record = ended.records()[0]
    calls = [entry for entry in record["transcript"] if entry["kind"] == "call"]
    assert (calls[0]["op"], calls[0]["answer"]["ok"]) == ("hash", True)
    assert calls[0]["answer"]["result"] in json.dumps(server.seen[1].payload), "the answer is sent back"
    line = ended.calls("model")[0]
    assert line["reply"]["calls"][0]["name"] == "basics"
    assert ended.json("manifest.json")["identity"]["settings"]["tool_calls"] == "native"
    assert process("verify", str(tmp_path / "run"), door=("-m", "arena")).code == 0


def _call(name: str, reply: dict[str, Any]) -> None:
    """Have the reply call the op hash, and nothing else."""
    arguments = {"op": "hash", "args": {"data": "utf8:abc"}}
    if name in ("openai-chat", "local"):
        function = {"name": "basics", "arguments": json.dumps(arguments)}
        calls = [{"id": "c1", "type": "function", "function": function}]
        reply["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": calls}
    elif name == "openai":
        reply["output"] = [{"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "basics",
                            "arguments": json.dumps(arguments), "status": "completed"}]  # fmt: skip
    else:
        reply["content"] = [{"type": "tool_use", "id": "c1", "name": "basics", "input": arguments}]


def test_without_native_calls_no_tools_are_offered_and_such_a_call_is_read(
    tmp_path: Path, calculator_binary: Path
) -> None:
    with ModelServer() as server:
        server.script(calling("hash", '{"data": "utf8:abc"}'))
        ended = play(tmp_path, server, "local", "--tool-calls", "text")
        assert not server.refused and not any("tools" in seen.payload for seen in server.seen)
        assert '"tool_call": {"op": "hash"' in json.dumps(server.seen[1].payload).replace("\\", "")
    call = next(entry for entry in ended.records()[0]["transcript"] if entry["kind"] == "call")
    assert call["op"] == "hash" and call["problem"] == "native call, though no tools were offered"


def test_a_call_that_cannot_be_read_is_told_to_its_seat_alone(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        server.script(calling("basics", "{broken", "Let me see."))
        ended = play(tmp_path, server, "local")
        assert not server.refused, "what is sent back is what the API takes"
        assert "malformed_call" in json.dumps(server.seen[1].payload)
        assert "Let me see." not in json.dumps(server.seen[2].payload)
    kinds = [entry["kind"] for entry in ended.records()[0]["transcript"]]
    assert kinds[:2] == ["note", "malformed"]


def test_past_the_limit_of_calls_the_seat_is_asked_to_speak(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        server.script(*[calling("basics", '{"op": "hash", "args": {"data": "00"}}', call_id=f"c{n}") for n in range(2)])
        play(tmp_path, server, "local", "--max-tool-calls-per-turn", "1")
        assert "at most 1 calls a turn; write your public turn now" in json.dumps(server.seen[2].payload)


def test_a_killed_run_goes_on_inside_a_native_conversation(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        server.script(calling("basics", '{"op": "hash", "args": {"data": "00"}}'))
        whole = play(tmp_path, server, "local", out="whole")
        server.script(calling("basics", '{"op": "hash", "args": {"data": "00"}}'))
        play(tmp_path, server, "local", "--max-calls", "1", out="cut")
        resumed = play(tmp_path, server, "local", "--resume", out="cut")
    assert resumed.file("matches.jsonl").read_bytes() == whole.file("matches.jsonl").read_bytes()


def test_an_endpoint_without_tools_is_a_configuration_error(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        message = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
        server.script(Scripted(400, {"error": {"message": message}}))
        ended = play(tmp_path, server, "local")
        assert (ended.code, len(server.seen)) == (2, 1) and "--tool-calls text" in ended.err


def test_mock_players_cannot_be_offered_tools(tmp_path: Path, calculator_binary: Path) -> None:
    ended = Table(tmp_path).play("--tool-calls", "native", "--calculator-provider", "process")
    assert ended.code == 2 and "mock/careful writes calls as text only" in ended.err


def test_more_tools_than_servers_take_are_refused(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        ended = play(tmp_path, server, "local", "--tool-text", "full")
        assert ended.code == 2 and "servers take 2 to 128" in ended.err and not server.seen


def test_an_op_is_a_tool_with_few_families(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        server.script(calling("hash", '{"data": "00"}'))
        ended = play(tmp_path, server, "local", "--tool-text", "full", "--op-families", "basics")
        names = [tool["function"]["name"] for tool in server.seen[0].payload["tools"]]
    assert "hash" in names and "help" in names
    assert any(entry["kind"] == "call" for entry in ended.records()[0]["transcript"])


def test_without_a_calculator_nothing_is_offered(tmp_path: Path) -> None:
    with ModelServer() as server:
        ended = play(tmp_path, server, "local", *NO_TOOLS)
        assert ended.code == 0 and not any("tools" in seen.payload for seen in server.seen)
