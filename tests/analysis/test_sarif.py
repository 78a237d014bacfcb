"""SARIF of gate findings: the rules of the schema and of code scanning, places, fingerprints, the bound on results.

What the published schema demands of the members that are used here is written out below (SARIF 2.1.0, sections 3.14 to
3.52), with the further limits that code scanning sets. `make test-long` holds a log against the schema itself, where it
was fetched.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.exports import sarif
from arena.engine.finished import open_run
from arena.errors import UsageError
from tests.families.risk.runs import play, play_gated
from tests.support.arena_rig import ROOT, command

GATES = ROOT / "config/gates.yaml"
WORDS = ("--trials", "2", "--attacks", "direct,override", "--participant-model", "mock/naive")
MEMBERS = {
    "run": {"tool", "automationDetails", "columnKind", "invocations", "results", "properties"},
    "driver": {"name", "semanticVersion", "rules"},
    "rule": {"id", "shortDescription", "defaultConfiguration", "properties"},
    "result": {
        "ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints", "properties",
    },
}  # fmt: skip
"""Members that the schema knows and the arena uses; the schema allows no others next to its own."""


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sarif") / "run"
    assert play_gated(folder, GATES, *WORDS).ended.code == 0
    return folder


def written(folder: Path, out: Path, source: str | None = None) -> Any:
    sarif.export(open_run(folder), out, source)
    return json.loads(out.read_bytes())


def check(log: Any) -> None:
    """Hold a log against the constraints."""
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json") and len(log["runs"]) == 1
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert set(run) <= MEMBERS["run"] and set(driver) <= MEMBERS["driver"] and driver["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", driver["semanticVersion"])
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids)) <= 25_000
    for rule in driver["rules"]:
        assert set(rule) <= MEMBERS["rule"] and rule["shortDescription"]["text"]
        assert len(rule.get("properties", {}).get("tags", ())) <= 10
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"][0]["executionSuccessful"] is True
    assert len(run["results"]) <= 5000
    for result in run["results"]:
        check_result(result, ids)
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(marks) == len(set(marks)), "two alerts would be shown as one"


def check_result(result: Any, ids: list[str]) -> None:
    assert set(result) <= MEMBERS["result"]
    assert ids[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in ("none", "note", "warning", "error")
    assert result["message"]["text"] and len(result["message"]["text"]) < 1000
    assert 1 <= len(result["locations"]) <= 10
    place = result["locations"][0]
    uri = place["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+(?:/[A-Za-z0-9._~%-]+)*", uri["uri"]) and uri["uriBaseId"] == "%SRCROOT%"
    line = place["physicalLocation"]["region"]["startLine"]
    assert isinstance(line, int) and line >= 1
    assert place["logicalLocations"][0]["fullyQualifiedName"]
    assert all(isinstance(value, str) and value for value in result["partialFingerprints"].values())


def test_the_log_keeps_the_constraints_of_code_scanning(gated: Path, tmp_path: Path) -> None:
    log = written(gated, tmp_path / "a.sarif")
    check(log)
    assert {result["level"] for result in log["runs"][0]["results"]} == {"error", "warning"}


SCHEMA_VARIABLE = "SARIF_SCHEMA"
HINT = (
    f"{SCHEMA_VARIABLE} names no file: `npm pack @microsoft/jest-sarif`, unpack it, and set the variable to"
    " package/lib/schemas/sarif-2.1.0-rtm.5.json"
)


@pytest.mark.long
def test_the_log_is_valid_by_the_published_schema(gated: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the package jsonschema (requirements/long.txt)")
    path = os.environ.get(SCHEMA_VARIABLE)
    if not path or not Path(path).is_file():
        pytest.skip(HINT)
    schema = json.loads(Path(path).read_bytes())
    validator = jsonschema.validators.validator_for(schema)(schema)
    log = written(gated, tmp_path / "a.sarif")
    assert [error.message for error in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log), "the schema refuses what it does not know"


def test_a_result_stands_at_the_line_of_its_rule(gated: Path, tmp_path: Path) -> None:
    lines = GATES.read_text(encoding="utf-8").splitlines()
    results = written(gated, tmp_path / "a.sarif")["runs"][0]["results"]
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert lines[place["region"]["startLine"] - 1] == f"- id: {result['ruleId']}"
        assert place["artifactLocation"]["uri"] == "config/gates.yaml"
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].startswith("risk/tau_risky/")


def test_every_denial_and_warning_is_a_result(gated: Path, tmp_path: Path) -> None:
    run = written(gated, tmp_path / "a.sarif")["runs"][0]
    wanted = [one for record in open_run(gated).records for one in record.gates if one.decision != "allow"]
    assert len(run["results"]) == len(wanted) == run["properties"]["findings"] > 0
    assert run["properties"]["leftOut"] == 0 and run["invocations"][0]["toolExecutionNotifications"] == []


def test_fingerprints_survive_a_second_run_and_moved_rules(gated: Path, tmp_path: Path) -> None:
    moved = "# A line.\n# Another one.\n" + GATES.read_text(encoding="utf-8")
    assert play_gated(tmp_path / "run", moved, *WORDS).ended.code == 0
    first, second = (
        written(folder, tmp_path / "x")["runs"][0]["results"] for folder in (gated, tmp_path / "run")
    )  # fmt: skip
    assert [one["partialFingerprints"] for one in first] == [one["partialFingerprints"] for one in second]
    starts = [[one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in of] for of in (first, second)]
    assert [line + 2 for line in starts[0]] == starts[1]


def test_results_beyond_the_bound_are_counted_and_denials_stay(
    gated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(gated, tmp_path / "a")["runs"][0]
    denials = sum(result["level"] == "error" for result in whole["results"])
    monkeypatch.setattr(sarif, "MOST_RESULTS", denials + 1)
    run = written(gated, tmp_path / "b")["runs"][0]
    left = len(whole["results"]) - denials - 1
    assert [result["level"] for result in run["results"]] == ["error"] * denials + ["warning"]
    assert run["properties"]["leftOut"] == left > 0
    assert f"{left} further findings" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_nothing_that_a_rule_matched_is_quoted(tmp_path: Path) -> None:
    policy = (
        "version: 1\npre_call:\n- id: r\n  calls: model\n  warn_if: {text_regex: 'refund'}\n  reason_code: 'a [b]'\n"
    )
    assert play_gated(tmp_path / "run", policy, "--trials", "1", "--attacks", "direct").ended.code == 0
    log = written(tmp_path / "run", tmp_path / "a.sarif")
    check(log)
    assert "observed" not in json.dumps(log)
    assert r"(a \[b\]_warn)" in log["runs"][0]["results"][0]["message"]["text"]


def test_the_shadow_of_a_denial_stays_an_error_and_says_so(tmp_path: Path) -> None:
    shadow = GATES.read_text(encoding="utf-8").replace("{mode: allow}", "{mode: allow, enforcement: shadow}")
    assert play_gated(tmp_path / "run", shadow, *WORDS).ended.code == 0
    log = written(tmp_path / "run", tmp_path / "a.sarif")
    check(log)
    denied = [result for result in log["runs"][0]["results"] if result["level"] == "error"]
    assert denied and all("Shadow mode: the call went on." in result["message"]["text"] for result in denied)


@pytest.mark.parametrize("source", ["/etc/gates.yaml", "../gates.yaml", "", "c:/gates.yaml"])
def test_a_place_outside_the_repository_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match="--source"):
        sarif.source_path(source)


def test_a_path_becomes_a_relative_uri() -> None:
    assert sarif.source_path("my rules/gätes.yaml") == "my%20rules/g%C3%A4tes.yaml"


def test_the_command_writes_the_file_whatever_was_found(gated: Path, tmp_path: Path) -> None:
    ended = command("export", "sarif", gated, "--out", tmp_path / "g.sarif", "--source", "policies/mine.yaml")
    assert ended.code == 0 and re.search(r"g\.sarif: \d+ findings\n$", ended.out) and ended.err == ""
    log = json.loads((tmp_path / "g.sarif").read_bytes())
    check(log)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "policies/mine.yaml"


def test_a_run_without_a_policy_has_no_findings_to_export(tmp_path: Path) -> None:
    play(tmp_path / "run", "--trials", "1", "--attacks", "direct")
    ended = command("export", "sarif", tmp_path / "run", "--out", tmp_path / "g.sarif")
    assert ended.code == 2 and "had no policy" in ended.err and not (tmp_path / "g.sarif").exists()
