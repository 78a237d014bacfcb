"""A player that loses does not turn its match into an error by what it declares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.arena_rig import Table, challenge, verdict

INSTANCE = {
    "values": {"n": {"draw": "int", "from": 100, "to": 999}},
    "own": {"Ana": ["n"], "Bo": []},
    "truth": "n",
    "result": "int",
}


@pytest.mark.parametrize("declared", ["9" * 4301, "1." + "5" * 5000, "-" + "9" * 300_000])
def test_a_declared_number_of_thousands_of_digits_is_a_wrong_result_and_no_error(declared: str, tmp_path: Path) -> None:
    said = "Settled.\n" + json.dumps({"done": True, "result": declared})
    table = Table(tmp_path, [{**challenge("c1"), "instance": INSTANCE}])
    ended = table.play("--max-turns", "2", turns={"Ana": [said], "Bo": [said]}, judge=[verdict(1)])
    (record,) = ended.records()
    assert (ended.code, record["status"]) == (0, "done"), ended.text
    assert record["judging"]["checks"]["result"]["verdict"] == "wrong"
