"""The scripted provider: turns from a file, found by counting, so that a resumed match goes on where it stood."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from arena.errors import DataError, ServiceFault
from arena.families.crypto.script_values import PIPES, forged
from arena.families.crypto.scripted import build, load_script
from arena.messages import CallKey, Conversation, ModelReply, ModelRequest, Sampling
from arena.play.tool_protocol import Call, parse
from arena.records import Json

CALLS = {"calls": [{"op": "hash", "args": {"data": "utf8:a"}, "id": "x"}, {"op": "ping"}], "text": "Let me see."}
SCRIPT: dict[str, Json] = {
    "format": 1,
    "turns": {
        "Buyer": ["Hello.", CALLS, {"text": "Agreed.", "done": {"price": 40}}],
        "Seller": ["Hi.", {"text": "No.", "finish": "refusal"}],
    },
    "judge": ["five stars", "a verdict"],
    "trials": {"crypto/bike/rep_1": {"turns": {"Buyer": ["Only here."]}}},
}


def script(tmp_path: Path, content: Json) -> Path:
    path = tmp_path / "play.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def ask(path: Path, seat: str, spoken: int, trial: str = "crypto/bike/rep_0", kind: str = "model") -> ModelReply:
    view = Conversation("system")
    view.add("user", "(You open.)")
    for _ in range(spoken):
        view.add("assistant", "before")
        view.add("user", "Other| and?")
    key = CallKey(trial, 0, seat, 2 * spoken, 0)
    return build("scripted", None).complete(ModelRequest(kind, str(path), view, Sampling(), key, "00"))


def test_the_number_of_own_messages_says_which_comes_next(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    assert ask(path, "Buyer", 0).text == "Hello."
    assert ask(path, "Seller", 0).text == "Hi."
    assert ask(path, "Seller", 1).finish == "refusal"
    assert ask(path, "Buyer", 0) == ask(path, "Buyer", 0)


def test_calls_and_done_are_written_in_the_grammar_of_the_players(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    parsed = parse(ask(path, "Buyer", 1).text)
    assert parsed.say == "Let me see."
    assert [(c.op, c.args, c.id) for c in parsed.items if isinstance(c, Call)] == [
        ("hash", {"data": "utf8:a"}, "x"), ("ping", {}, None)
    ]  # fmt: skip
    last = parse(ask(path, "Buyer", 2).text)
    assert last.say == "Agreed." and last.done is not None and last.done.result == {"price": 40}


def test_the_judge_has_lines_of_its_own(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    assert [ask(path, "(judge)", n, kind="judge").text for n in (0, 1)] == ["five stars", "a verdict"]


def test_a_trial_may_have_a_section_of_its_own_and_takes_the_rest_from_the_top(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    assert ask(path, "Buyer", 0, "crypto/bike/rep_1").text == "Only here."
    assert ask(path, "(judge)", 0, "crypto/bike/rep_1", "judge").text == "five stars"


def test_past_the_end_seat_turn_and_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ServiceFault, match="2 messages for the seat 'Seller' in crypto/bike/rep_0, and turn 4"
    ) as caught:
        ask(script(tmp_path, SCRIPT), "Seller", 2)
    assert caught.value.reason == "provider"
    with pytest.raises(ServiceFault, match="0 messages for the seat 'Nobody'"):
        ask(script(tmp_path, SCRIPT), "Nobody", 0)
    with pytest.raises(ServiceFault, match="for the judge"):
        ask(script(tmp_path, {"format": 1, "turns": {}}), "(judge)", 0, kind="judge")


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ([], ""),
        ({"turns": {}}, "/format"),
        ({"format": True, "turns": {}}, "/format"),
        ({"format": 2}, "/format"),
        ({"format": 1, "turn": {}}, "/turn"),
        ({"format": 1, "turns": []}, "/turns"),
        ({"format": 1, "turns": {"A": "Hello"}}, "/turns/A"),
        ({"format": 1, "turns": {"A": [5]}}, "/turns/A/0"),
        ({"format": 1, "turns": {"A": [{"txt": "x"}]}}, "/turns/A/0/txt"),
        ({"format": 1, "turns": {"A": [{"text": 5}]}}, "/turns/A/0/text"),
        ({"format": 1, "turns": {"A": [{"calls": {}}]}}, "/turns/A/0/calls"),
        ({"format": 1, "turns": {"A": [{"calls": [{"args": {}}]}]}}, "/turns/A/0/calls/0/op"),
        ({"format": 1, "turns": {"A": [{"calls": [{"op": "hash", "args": []}]}]}}, "/turns/A/0/calls/0/args"),
        ({"format": 1, "turns": {"A": [{"calls": [{"op": "ping"}], "done": 1}]}}, "/turns/A/0/done"),
        ({"format": 1, "judge": "five"}, "/judge"),
        ({"format": 1, "at_end": "again"}, "/at_end"),
        ({"format": 1, "on_miss": True}, "/on_miss"),
        ({"format": 1, "challenge": 5}, "/challenge"),
        ({"format": 1, "turns": {"A": [{"let": []}]}}, "/turns/A/0/let"),
        ({"format": 1, "turns": {"A": [{"calls": [{"op": "ping", "as": "my"}]}]}}, "/turns/A/0/calls/0/as"),
        (
            {"format": 1, "turns": {"A": [{"calls": [{"for": "my.list", "call": {"op": "p", "as": "a"}}]}]}},
            "/turns/A/0/calls/0/for",
        ),
        (
            {"format": 1, "turns": {"A": [{"calls": [{"for": "x in my.l", "call": {"op": "p"}}]}]}},
            "/turns/A/0/calls/0/call",
        ),
        ({"format": 1, "trials": {"a/b": {"judges": []}}}, "/trials/a~1b/judges"),
    ],
)
def test_a_wrong_file_is_refused_at_its_place(tmp_path: Path, content: Json, pointer: str) -> None:
    with pytest.raises(DataError) as caught:
        load_script(script(tmp_path, content))
    assert pointer in [issue.pointer for issue in caught.value.issues]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere.json"):
        ask(tmp_path / "nowhere.json", "Buyer", 0)


def test_the_provider_is_offline() -> None:
    provider = build("scripted", None)
    assert provider.offline and provider.name == "scripted"


# --- placeholders, loops, let

SYSTEM = (
    'You are Ann in "A matter" (c-1).\n\nYour values (JSON):\n'
    '{"bid": 340, "slots": ["Tue", "Mon"], "table": {"k": "v"}}'
    "\n\nTools:\nnone\n"
)
RESULTS = (
    'Results (only you see them):\n{"id":"c","ok":true,"result":{"commitment":"beef","nonce":"cafe"}}\n'
    '{"id":"m.0","ok":true,"result":"a0"}\n{"id":"m.1","ok":true,"result":"a1"}\n{"id":"n.0","ok":true,"result":{"x":1}}\n'
    '{"id":"bad","ok":false,"error":{"code":"out_of_range","message":"too big"}}\n'
)


def filled(tmp_path: Path, line: Json, **options: Json) -> str:
    view = Conversation(SYSTEM)
    view.add("user", "Bob| my note [n1] and key [k1]")
    view.add("assistant", "own word [w1]")
    view.add("user", RESULTS)
    view.add("user", "Bob| no, note [n2]")
    view.add("user", "Tenant 1| list [3 1 2]")
    content = {"format": 1, "turns": {"Ann": ["first", line]}} | options
    key = CallKey("crypto/c-1/rep_0", 0, "Ann", 2, 0)
    path = script(tmp_path, content)
    return build("scripted", None).complete(ModelRequest("model", str(path), view, Sampling(), key, "00")).text


@pytest.mark.parametrize(
    ("placeholder", "text"),
    [
        ("my.bid", "340"),
        ("my.slots", "Tue, Mon"),
        ("my.slots.1", "Mon"),
        ("my.table.k", "v"),
        ("me", "Ann"),
        ("c.nonce", "cafe"),
        ("m.*", "a0, a1"),
        ("m", "a0, a1"),
        ("m.1", "a1"),
        ("n.*.x", "1"),
        ("heard.Bob.note", "n2"),
        ("heard.Bob.key", "k1"),
        ("heard.Tenant 1.list|split: |ints|sorted|json", "[1, 2, 3]"),
        ("said.own word", "w1"),
        ("my.slots|sorted|join:, ", "Mon, Tue"),
        ("my.slots|join: / ", "Tue / Mon"),
        ("my.slots|reversed|first", "Mon"),
        ("my.slots|last", "Mon"),
        ("my.slots|len", "2"),
        ("my.slots|at:1", "Mon"),
        ("my.slots|head:1|json", '["Tue"]'),
        ("m.*|index:m.1", "1"),
        ("my.table|get:k", "v"),
        ("my.bid|add:1|mul:2|sub:my.bid|mod:100", "42"),
        ("my.bid|str|hex", "333430"),
        ("my.bid|str|base64", "MzQw"),
        ("me|upper", "ANN"),
        ("me|lower", "ann"),
        ("heard.Tenant 1.list|split: |ints|sum", "6"),
        ("heard.Tenant 1.list|split: |first|int|add:1", "4"),
        ("my.slots|unique|json", '["Tue", "Mon"]'),
    ],
)
def test_placeholders_stand_for_what_the_seat_has_and_heard(tmp_path: Path, placeholder: str, text: str) -> None:
    assert filled(tmp_path, f"<{{{{{placeholder}}}}}>") == f"<{text}>"


def test_every_pipe_function_is_tried_or_has_a_test_of_its_own() -> None:
    marks = test_placeholders_stand_for_what_the_seat_has_and_heard.pytestmark  # type: ignore[attr-defined]
    tried = " ".join(case[0] for case in marks[0].args[1])
    assert [name for name in PIPES if f"|{name}" not in tried] == ["forge"]


@pytest.mark.parametrize(
    ("placeholder", "why"),
    [
        ("my.bids", "has no 'bids'; it holds: bid, slots, table"),
        ("d.nonce", "no call, loop variable or name 'd'; answered calls: bad, c, m, n"),
        ("bad", "the call bad failed: out_of_range: too big"),
        ("c.salt", "has no 'salt'; it holds: commitment, nonce"),
        ("heard.Cy.note", "'Cy' has not spoken yet"),
        ("heard.Bob.word", r"Bob has said nothing of the form: word \[value\]"),
        ("my.bid|round", "no pipe function 'round'"),
        ("my.slots|int", "int cannot be applied"),
    ],
)
def test_a_placeholder_that_stands_for_nothing_names_file_seat_message_and_reason(
    tmp_path: Path, placeholder: str, why: str
) -> None:
    with pytest.raises(ServiceFault, match=why) as caught:
        filled(tmp_path, f"{{{{{placeholder}}}}}")
    assert "play.json, seat 'Ann', message 2 (turn 2): {{" + placeholder in str(caught.value)


def test_values_keep_their_type_where_a_placeholder_is_the_whole_value(tmp_path: Path) -> None:
    text = filled(
        tmp_path, {"text": "So.", "done": {"n": "{{my.bid}}", "all": "{{my.slots}}", "t": "{{my.bid}} euros"}}
    )
    done = parse(text).done
    assert done is not None and done.result == {"n": 340, "all": ["Tue", "Mon"], "t": "340 euros"}


def test_a_loop_gives_a_call_for_each_element_with_names_of_their_own(tmp_path: Path) -> None:
    inner = {"as": "p", "op": "hash", "args": {"data": "utf8:{{x}}", "place": "{{i}}"}}
    items = parse(filled(tmp_path, {"calls": [{"for": "x in my.slots|sorted", "call": inner}]})).items
    assert [(c.id, c.args) for c in items if isinstance(c, Call)] == [
        ("p.0", {"data": "utf8:Mon", "place": 0}), ("p.1", {"data": "utf8:Tue", "place": 1})
    ]  # fmt: skip


def test_a_loop_over_nothing_still_makes_a_private_step(tmp_path: Path) -> None:
    line = {"calls": [{"for": "x in my.slots|head:0", "call": {"as": "p", "op": "hash"}}]}
    assert [c.op for c in parse(filled(tmp_path, line)).items if isinstance(c, Call)] == ["ping"]


def test_let_computes_with_the_operators_of_expressions(tmp_path: Path) -> None:
    let = {"most": {"max": ["{{my.bid}}", 500]}, "who": {"winner": {"Ann": "{{my.bid}}", "Bob": "most"}}}
    assert filled(tmp_path, {"let": let, "text": "{{who}}: {{most}}"}) == "Bob: 500"
    with pytest.raises(ServiceFault, match="let most: /sum: expected a number"):
        filled(tmp_path, {"let": {"most": {"sum": ["{{me}}"]}}, "text": "x"})


def test_on_miss_invent_continues_with_an_invented_value(tmp_path: Path) -> None:
    text = filled(tmp_path, "[{{c.salt}}] [{{d}}]", on_miss="invent")
    assert re.fullmatch(r"\[[0-9a-f]{64}\] \[[0-9a-f]{64}\]", text)


def test_at_end_repeat_says_the_last_public_message_again(tmp_path: Path) -> None:
    content = {"format": 1, "at_end": "repeat", "turns": {"Buyer": ["a", "b", {"calls": [{"op": "ping"}]}]}}
    assert ask(script(tmp_path, content), "Buyer", 7).text == "b"


@pytest.mark.parametrize("value", ["9f86d081", "123456", 4711, "aGVsbG8=", ["ab", 5]])
def test_a_forged_value_has_the_shape_of_the_true_one_and_is_another(value: Json) -> None:
    found = forged(value)
    assert found != value and type(found) is type(value) and found == forged(value)
    assert len(str(found)) == len(str(value))


def test_a_folder_stands_for_the_file_of_the_challenge(tmp_path: Path) -> None:
    (tmp_path / "bike.json").write_text(json.dumps(SCRIPT), encoding="utf-8")
    assert ask(tmp_path, "Buyer", 0).text == "Hello."
    with pytest.raises(ServiceFault, match="^scripted: boat.json is missing in .*: write that play$"):
        ask(tmp_path, "Buyer", 0, trial="crypto/boat/rep_0")
    provider = build("scripted", None)
    provider.check_model(str(tmp_path), False)
    before = provider.digest(str(tmp_path))
    (tmp_path / "boat.json").write_text("[]", encoding="utf-8")
    assert provider.digest(str(tmp_path)) != before
    with pytest.raises(DataError, match="boat.json"):
        build("scripted", None).check_model(str(tmp_path), False)


# --- a play that depends on what was found

CHOICE = {"choose": [{"if": {"equal": [{"is": "{{heard.Bob.note}}"}, {"is": "n2"}]}, "say": "The note is n2."},
                     {"say": {"text": "Another note.", "done": 1}}]}  # fmt: skip


def test_a_choice_takes_the_first_message_whose_condition_holds(tmp_path: Path) -> None:
    assert filled(tmp_path, CHOICE) == "The note is n2."
    other = {"choose": [{**CHOICE["choose"][0], "if": {"is": False}}, CHOICE["choose"][1]]}
    assert filled(tmp_path, other).startswith("Another note.")


def test_a_condition_without_a_value_is_a_fault_or_false_where_misses_are_invented(tmp_path: Path) -> None:
    unknown = {"choose": [{"if": "{{v.valid}}", "say": "a"}, {"say": "b"}]}
    with pytest.raises(ServiceFault, match="if: "):
        filled(tmp_path, unknown)
    assert filled(tmp_path, unknown, on_miss="invent") == "b"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"choose": [{"say": "a"}]}, "two or more"),
        ({"choose": [{"say": "a"}, {"say": "b"}]}, "all but the last one `if`"),
        ({"choose": [{"if": True, "say": {"calls": [{"op": "ping"}]}}, {"say": "b"}]}, "no calls"),
    ],
)
def test_a_malformed_choice_is_refused(choice: Json, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        load_script(script(tmp_path, {"format": 1, "turns": {"Ann": [choice]}}))


def test_a_refusal_is_said_once_another_seat_refuses(tmp_path: Path) -> None:
    refusal = {"Ann": {"text": "Then I stop, too: refused [so]", "done": "refused"}}
    assert filled(tmp_path, "on we go", refusal=refusal) == "on we go"
    view = Conversation(SYSTEM)
    view.add("user", "Bob| It does not open. refused [another sheet]")
    path = script(tmp_path, {"format": 1, "turns": {"Ann": ["on we go"]}, "refusal": refusal})
    key = CallKey("crypto/c-1/rep_0", 0, "Ann", 1, 0)
    text = build("scripted", None).complete(ModelRequest("model", str(path), view, Sampling(), key, "00")).text
    assert text.startswith("Then I stop, too") and '"refused"' in text
