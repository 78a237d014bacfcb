"""A judge's answer is bound to the form of a verdict, where the server can; the parser stays strict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import DIMENSIONS, NO_TOOLS, Ended, arena, challenge, challenge_file, script_file
from tests.support.http_server import KEY, ModelServer, Scripted

BASES = {"openai": "OPENAI", "openai-chat": "OPENAI_CHAT", "anthropic": "ANTHROPIC", "local": "ARENA_LOCAL"}


def play(tmp_path: Path, server: ModelServer, name: str, *words: str) -> Ended:
    players = script_file(tmp_path / "players.json", turns={"Ana": ["Hello."], "Bo": ["Yes."]})
    with pytest.MonkeyPatch().context() as patch:
        for key in ("OPENAI", "ANTHROPIC", "ARENA_LOCAL"):
            patch.setenv(f"{key}_API_KEY", KEY)
        patch.setenv(f"{BASES[name]}_BASE_URL", server.url)
        return arena(
            "--participant-model", players, "--judge-model", f"{name}/j-1", "--max-turns", "2", *NO_TOOLS,
            "--challenges", challenge_file(tmp_path / "c.json", challenge("c1")), "--out", str(tmp_path / "run"),
            *words,
        )  # fmt: skip


def form(name: str, payload: dict[str, Any]) -> Any:
    """Return the schema that a request binds its answer to; None without one."""
    if name == "openai":
        return payload.get("text", {}).get("format", {}).get("schema")
    if name == "anthropic":
        return payload.get("output_config", {}).get("format", {}).get("schema")
    asked = payload.get("response_format", {})
    return asked.get("json_schema", {}).get("schema") or asked.get("schema")


@pytest.mark.parametrize("name", BASES)
def test_a_verdict_is_bound_to_its_schema(name: str, tmp_path: Path) -> None:
    with ModelServer() as server:
        ended = play(tmp_path, server, name)
        assert not server.refused
        schema = form(name, server.seen[0].payload)
    assert list(schema["properties"]) == schema["required"] == ["scores", "verdict"]
    scores = schema["properties"]["scores"]
    assert scores["required"] == list(DIMENSIONS) and scores["additionalProperties"] is False
    assert {tuple(grade["enum"]) for grade in scores["properties"].values()} == {(1, 2, 3, 4, 5)}
    assert ended.code == 0 and ended.records()[0]["scores"]


def test_free_form_sends_no_schema(tmp_path: Path) -> None:
    with ModelServer() as server:
        ended = play(tmp_path, server, "local", "--judge-form", "free")
        assert form("local", server.seen[0].payload) is None
    assert ended.json("manifest.json")["identity"]["settings"]["judge_form"] == "free"


REFUSALS = {
    "openai": "Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model.",
    "openai-chat": "Invalid schema for response_format 'answer'",
    "anthropic": "output_config.format.schema: property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'",
    "local": "guided decoding with a JSON schema is not available",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_schema_is_left_out_and_recorded(name: str, tmp_path: Path) -> None:
    with ModelServer() as server:
        server.script(Scripted(400, {"error": {"message": REFUSALS[name]}}))
        ended = play(tmp_path, server, name)
        assert [form(name, seen.payload) is None for seen in server.seen] == [False, True]
    assert ended.code == 0 and ended.records()[0]["scores"]
    assert ended.json("summary.json")["not_sent"] == {f"{name}/j-1": ["schema"]}
    assert "the form of the judge's answer (a JSON schema) was set but not sent" in ended.err


ONLY_OBJECT = "Input should be 'text' or 'json_object'"
OBJECT_SERVERS: list[tuple[int, dict[str, Any]]] = [
    (422, {"detail": [{"loc": ["body", "response_format", "type"], "msg": ONLY_OBJECT, "type": "literal_error"}]}),
    # llama-cpp-python: an internal error, by its status
    (500, {"error": {"message": "1 validation error: {'type': 'literal_error', 'loc': ('body', 'response_format',"
                                f" 'type'), 'msg': {ONLY_OBJECT!r}}}", "type": "internal_server_error"}}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "refusal"), OBJECT_SERVERS)
def test_a_server_that_knows_json_object_gets_the_schema_there(
    status: int, refusal: dict[str, Any], tmp_path: Path
) -> None:
    with ModelServer() as server:
        server.script(Scripted(status, refusal), Scripted(unchecked=True))
        ended = play(tmp_path, server, "local")
        asked = server.seen[1].payload["response_format"]
    assert asked["type"] == "json_object" and list(asked["schema"]["properties"]) == ["scores", "verdict"]
    assert ended.json("summary.json")["not_sent"] == {}, "it is sent, in another form"


def test_what_does_not_keep_to_the_form_is_no_verdict(tmp_path: Path) -> None:
    def loose(reply: dict[str, Any]) -> None:
        said = {"scores": dict.fromkeys(DIMENSIONS, 6), "verdict": "Great."}
        reply["choices"][0]["message"]["content"] = json.dumps(said)

    with ModelServer() as server:
        server.script(*[Scripted(edit=loose)] * 3)
        ended = play(tmp_path, server, "local")
    assert ended.records()[0]["unscored"].startswith("unparsable verdict")


def test_a_judge_that_may_call_the_calculator_is_not_bound(tmp_path: Path, calculator_binary: Path) -> None:
    with ModelServer() as server:
        play(tmp_path, server, "local", "--judge-tools", "--calculator-provider", "process")
        assert form("local", server.seen[0].payload) is None
