"""System prompts: what all share comes first, the rest is one seat's, and grants do not give the solution away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError, UsageError
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.judged import JudgeTemplate
from arena.families.crypto.mock.scene import read_brief
from arena.families.crypto.prompts import HEARING, prompt_template, system_prompt
from arena.families.crypto.setup import read_setup
from arena.families.crypto.spec import MOCKS, SETTINGS
from arena.play.tool_description import TOOL_TEXTS, describe, granted_families
from arena.records import Json
from arena.settings.config import build_parser, read_config
from arena.store.journal import dumps
from tests.play.test_tool_text import ROWS, catalogue

__all__ = ["catalogue"]

DATA = Path(__file__).resolve().parents[3] / "src" / "crypto-challenges"
CHALLENGES = load(DATA / "benchmark_challenges_diverse_v2.json").challenges
SHOWN_ALWAYS = {"numbers", "basics", "signatures"}
GRANTED = 8
"""How many families each challenge grants, so that their number says nothing."""


def ops_of(value: Json) -> Iterator[str]:
    """Every `op` anywhere in a play."""
    if isinstance(value, dict):
        if isinstance(value.get("op"), str):
            yield value["op"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from ops_of(item)


@pytest.mark.parametrize("form", ["families", "full"])
def test_what_all_calls_share_stands_first(form: str) -> None:
    tools = describe(ROWS, 10, form=form)
    prompts = [system_prompt(c, p["id"], tools, 15) for c in CHALLENGES for p in c["participants"]]
    shared = prompts[0][: prompts[0].index("Public background:")]
    assert tools in shared and "Ending:\n" in shared and "Global rules:\n" in shared
    assert all(prompt.startswith(shared) for prompt in prompts)


def test_roles_of_a_challenge_share_the_situation() -> None:
    for challenge in CHALLENGES:
        prompts = [system_prompt(challenge, p["id"], None, 15) for p in challenge["participants"]]
        assert len({prompt.partition("\n\nYour role:\n")[0] for prompt in prompts}) == 1
        assert len(set(prompts)) == len(prompts)


@pytest.mark.parametrize("form", TOOL_TEXTS)
def test_mock_players_read_the_ops_of_every_form(form: str) -> None:
    brief = read_brief(system_prompt(CHALLENGES[0], "Ines", describe(ROWS, 10, {"basics", "sharing"}, form), 15))
    assert brief.me == "Ines" and brief.ops == {"hash", "combine"}


def test_a_challenge_that_grants_nothing_shows_all_families() -> None:
    plain = {name: value for name, value in CHALLENGES[0].items() if name != "op_families"}
    text = system_prompt(plain, "Ines", describe(ROWS, 10, form="granted"), 15)
    assert granted_families(text) == {"basics", "sharing"}


def test_every_challenge_grants_what_its_play_uses_and_decoys(catalogue: list[dict[str, Any]]) -> None:
    family = {row["name"]: row["family"] for row in catalogue}
    for challenge in CHALLENGES:
        granted = set(challenge["op_families"])
        play = json.loads((DATA / challenge["reference_play"]).read_text(encoding="utf-8"))
        used = {family[op] for op in ops_of(play["turns"]) if op in family} - {"meta"}
        assert used <= granted <= set(family.values()), challenge["id"]
        assert len(granted) == GRANTED and granted > SHOWN_ALWAYS, challenge["id"]
        assert granted - used - SHOWN_ALWAYS, challenge["id"]
        assert challenge["op_families"] == [name for name in dict.fromkeys(family.values()) if name in granted]


def test_every_family_is_granted_about_equally_often() -> None:
    counts = Counter(name for challenge in CHALLENGES for name in challenge["op_families"])
    rest = [count for name, count in counts.items() if name not in SHOWN_ALWAYS]
    assert all(counts[name] == len(CHALLENGES) for name in SHOWN_ALWAYS)
    assert max(rest) - min(rest) <= 5


def test_a_grant_of_unknown_families_alone_is_refused(tmp_path: Path) -> None:
    content = json.loads((DATA / "benchmark_challenges_diverse_v2.json").read_text(encoding="utf-8"))
    content["challenges"] = content["challenges"][:1]
    content["challenges"][0]["op_families"] = ["unheard_of"]
    file = tmp_path / "set.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    parser = build_parser("arena run", SETTINGS, "")
    words = ["--challenges", str(file)]
    config = read_config(words, {"ARENA_NO_DOTENV": "1"}, SETTINGS, parser, DATA.parents[1], MOCKS)
    with pytest.raises(UsageError, match=r"adjourned-chess-move grants only unheard_of.*basics, sharing"):
        read_setup(config, describe(ROWS, 10, form="granted"))
    assert read_setup(config, describe(ROWS, 10))


@pytest.mark.parametrize(
    ("value", "problem"),
    [([], "1 to 20"), (["a", "a"], "twice"), ("numbers", "expected a list"), (["No Label"], "lower case letters")],
)
def test_a_wrong_list_of_families_is_named(value: Json, problem: str, tmp_path: Path) -> None:
    content = json.loads((DATA / "benchmark_challenges_diverse_v2.json").read_text(encoding="utf-8"))
    content["challenges"][0]["op_families"] = value
    file = tmp_path / "set.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=f"/challenges/0/op_families.*{problem}"):
        load(file)


def test_the_judge_is_not_shown_what_is_granted() -> None:
    assert "op_families" not in JudgeTemplate.of(CHALLENGES[0]).whole


def test_a_marked_prompt_says_how_to_tell_who_wrote_a_line() -> None:
    template = prompt_template(CHALLENGES[0], "Ines", None, 15)
    marked = template.filled(None, nonce="7f3a")
    assert marked.startswith(template.filled(None))
    assert HEARING.format(other="Marek", nonce="7f3a") in marked
    assert "7f3a" not in template.filled(None)


def test_a_prompt_written_as_json_is_the_prompt() -> None:
    told = CHALLENGES[0] | {"name": 'The "Move" {day}\n\\ {move}', "self_play": {
        **CHALLENGES[0]["self_play"], "symmetry_breaker": "On {note} \u2013 {nothing}, a \\{move}.",
    }}  # fmt: skip
    instance = CHALLENGES[0]["instance"]
    values: dict[str, Json] = {name: f'{name} "\u00e9"\n\u2028' for name in instance["values"]}
    for challenge in (told, {name: told[name] for name in told if name != "instance"}):
        template = prompt_template(challenge, "Ines", None, 15)
        for drawn in (values, None):
            if drawn is None or "instance" in challenge:
                assert template.filled_json(drawn, "7f3a") == dumps(template.filled(drawn, "7f3a"))
