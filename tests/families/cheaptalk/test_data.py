"""Loading claims: every form of data, every unusable row with its line, nothing replaced, samples by seed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError, UsageError
from arena.families.cheaptalk.claim import Label, label_of_data
from arena.families.cheaptalk.data.load import Loaded, digest_of, load
from arena.families.cheaptalk.data.sampling import sample, with_distractors
from arena.families.cheaptalk.data.table import DATASETS, DataSet, dataset
from tests.support.claim_rows import EXAMPLES, FLAT, GOLD, NEI, OFFICIAL, SIMPLE, SYMMETRIC, nothing, official

ROOT = Path(__file__).resolve().parents[3]
THREE = ("SUPPORTS", "REFUTES", NEI)


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def loaded(folder: Path, name: str, rows: list[Any], skip: bool = False) -> Loaded:
    return load(dataset(name), written(folder, rows), "rows.jsonl", skip_unusable=skip)


def test_every_data_set_has_an_example_that_loads(tmp_path: Path) -> None:
    assert {row.name for row in DATASETS} == {"claims", *EXAMPLES}
    for name, rows in EXAMPLES.items():
        found = loaded(tmp_path, name, rows)
        assert {claim.label for claim in found.claims} == set(dataset(name).labels), name
        assert len({claim.key for claim in found.claims}) == len(found.claims) >= 3
        assert found.skipped == () and found.source.skipped == 0


def test_shipped_claims_load_whole() -> None:
    row = dataset("claims")
    found = load(row, ROOT / row.default_path)
    assert min(Counter(claim.label for claim in found.claims).values()) >= 40
    assert found.source.without_text == 0
    assert all(len(claim.distractors) >= 3 and claim.difficulty for claim in found.claims)


def test_official_sets_stay_nested_and_repeats_go(tmp_path: Path) -> None:
    first = loaded(tmp_path, "fever", OFFICIAL).claims[0]
    assert [[s.source for s in group] for group in first.gold] == [["Mill#2"], ["Mill#0", "Ford#1"]]
    assert first.gold_texts() == () and first.gold_sets() == ()


def test_missing_texts_are_counted_and_said(tmp_path: Path) -> None:
    found = loaded(tmp_path, "fever", OFFICIAL)
    assert (found.source.sentences, found.source.without_text) == (4, 4)
    said = "4 of 4 gold sentences have no text; --wiki-pages DIR names the folder of their pages"
    assert said in found.lines()


def test_gold_rows_of_one_original_are_alternatives(tmp_path: Path) -> None:
    one, _, three = loaded(tmp_path, "gold", GOLD).claims
    assert one.key == "1" and one.gold_sets() == (("It grinds.",), ("A.", "B."))
    assert three.gold == () and three.distractors == ("It is old.",)


def test_simple_rows_take_all_evidence_as_one_set(tmp_path: Path) -> None:
    one, two, three = loaded(tmp_path, "simple", SIMPLE).claims
    assert one.gold_sets() == (("It grinds.", "It is old."),)
    assert two.distractors == ("It is wide.",) and three.distractors == ("It is old.",)
    assert len(one.key) == 16 and one.key == loaded(tmp_path, "simple", [SIMPLE[1], SIMPLE[0], SIMPLE[2]]).claims[1].key


def test_flat_rows_group_by_annotation_and_evidence(tmp_path: Path) -> None:
    found = loaded(tmp_path, "flat", FLAT)
    assert [[s.source for s in group] for group in found.claims[0].gold] == [["Mill#2"], ["Mill#0", "Ford#1"]]
    assert found.source.rows == 5 and found.source.without_text == 3
    assert found.claims[1].gold_texts() == ("It is dry.",)


def test_flat_rows_may_carry_their_text_only(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "label": "SUPPORTS", "claim": "One.", "evidence": "It grinds."},
        {"id": 1, "label": "SUPPORTS", "claim": "One.", "evidence": "It is old."},
        {"id": 2, "label": "REFUTES", "claim": "Two.", "evidence": "It is dry."},
        {"id": 3, "label": "NEI", "claim": "Three.", "evidence": "It is wide."},
    ]
    one, _, three = loaded(tmp_path, "flat", rows).claims
    assert one.gold_sets() == (("It grinds.", "It is old."),) and three.distractors == ("It is wide.",)


@pytest.mark.parametrize("name", ["evidence_sequence", "retrieved_sentences", "evidence_sentences", "sentences"])
def test_simple_rows_may_name_their_evidence_otherwise(tmp_path: Path, name: str) -> None:
    renamed = [{name if key == "evidence" else key: value for key, value in row.items()} for row in SIMPLE]
    renamed[0][name] = [{"text": "It grinds."}, {"sentence": "It is old."}]
    found = loaded(tmp_path, "simple", renamed).claims
    assert [claim.gold for claim in found] == [claim.gold for claim in loaded(tmp_path, "simple", SIMPLE).claims]


def test_symmetric_pairs_keep_both_labels_of_a_claim(tmp_path: Path) -> None:
    found = loaded(tmp_path, "symmetric", SYMMETRIC)
    assert len(found.claims) == 4 and len({claim.text for claim in found.claims}) == 2
    assert {claim.label for claim in found.claims if claim.text == "The mill grinds."} == {
        Label.SUPPORTS,
        Label.REFUTES,
    }


@pytest.mark.parametrize(
    ("value", "label"),
    [("SUPPORTS", 0), ("Supported", 0), ("0", 0), (0, 0), ("refutes", 1), ("REFUTED", 1), ("1", 1), (1, 1)]
    + [("NOT ENOUGH INFO", 2), ("not  enough info", 2), ("NEI", 2), ("NOT_ENOUGH_INFO", 2), (2, 2), ("2", 2)],
)
def test_declared_label_spellings_are_read(value: object, label: int) -> None:
    assert label_of_data(value) is tuple(Label)[label]


@pytest.mark.parametrize("value", ["DISPUTED", "NOT_SUPPORTS", "true", True, 3, -1, "3", 1.0, None, "", ["SUPPORTS"]])
def test_undeclared_label_is_none(value: object) -> None:
    assert label_of_data(value) is None


def good(name: str) -> dict[str, Any]:
    return dict(EXAMPLES[name][0])


UNUSABLE = [
    ("fever", good("fever") | {"id": 9, "label": "DISPUTED"}, "/label", "none of the declared labels"),
    ("fever", {"id": 9, "claim": "Blind."}, "/label", "blind row"),
    ("flat", good("flat") | {"id": 9, "label": -1}, "/label", "blind row"),
    ("fever", official(9, "SUPPORTS", nothing()), "/evidence", "does not fit the label SUPPORTS"),
    ("fever", official(9, NEI, [[("Mill", 1)]]), "/evidence", "does not fit the label NOT ENOUGH INFO"),
    ("fever", official(9, "REFUTES", [[("Mill", 1), (None, None)]]), "/evidence/0", "some of its sentences only"),
    ("fever", official(9, "REFUTES", [[("Mill", -1)]]), "/evidence/0/0", "no page title and sentence number"),
    ("fever", good("fever"), "", "repeats the claim 1 of line 1"),
    ("fever", good("fever") | {"id": True}, "/id", "true or false where text belongs"),
    ("fever", good("fever") | {"id": 9, "claim": "  "}, "/claim", "is empty"),
    ("fever", good("fever") | {"id": 9, "evidence": "Mill"}, "/evidence", "text where a list belongs"),
    ("gold", good("gold") | {"claim": "Another."}, "", "another text or label than line 1"),
    (
        "gold",
        good("gold") | {"original_id": 9, "evidence": [["Mill", "2"]]},
        "/evidence/0",
        "fewer than three elements",
    ),
    ("simple", {"claim": "Four.", "label": "SUPPORTS", "evidence": []}, "/evidence", "needs evidence"),
    ("simple", {"claim": "Four.", "label": "SUPPORTS"}, "/evidence", "is missing"),
    ("simple", {"claim": "\ud800.", "label": "NEI", "evidence": []}, "/claim", "surrogate"),
    ("flat", good("flat") | {"id": 9, "evidence_sentence_id": -1}, "/evidence_sentence_id", "not the number"),
    ("flat", good("flat") | {"id": 9, "label": 2}, "/evidence_wiki_url", "does not fit the label"),
    ("symmetric", good("symmetric") | {"id": 9, "label": NEI}, "/label", "do not have"),
    ("simple", ["One."], "", "holds a list where an object belongs"),
]


@pytest.mark.parametrize(("name", "row", "pointer", "message"), UNUSABLE)
def test_unusable_row_is_an_error_with_its_line(
    tmp_path: Path, name: str, row: Any, pointer: str, message: str
) -> None:
    rows = [*EXAMPLES[name], row]
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, name, rows)
    issue = caught.value.issues[0]
    assert issue.pointer == f"line {len(rows)}" + (f", {pointer}" if pointer else "")
    assert message in issue.message
    assert "--skip-unusable" in caught.value.issues[-1].message


@pytest.mark.parametrize(("name", "row", "pointer", "message"), UNUSABLE)
def test_unusable_row_can_be_left_out_and_is_said(
    tmp_path: Path, name: str, row: Any, pointer: str, message: str
) -> None:
    found = loaded(tmp_path, name, [*EXAMPLES[name], row], skip=True)
    assert found.claims == loaded(tmp_path, name, EXAMPLES[name]).claims
    assert found.source.skipped == 1
    assert any("1 rows were left out" in line and message in line for line in found.lines())


@pytest.mark.parametrize("text", ['{"id": 1, "id": 2}', '{"id": NaN}', "{", '{"claim": "\xff"}'])
def test_line_that_is_no_json_is_an_error_with_its_line(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, SIMPLE)
    path.write_bytes(path.read_bytes() + b"\n" + text.encode("latin-1") + b"\n")
    with pytest.raises(DataError) as caught:
        load(dataset("simple"), path)
    assert caught.value.issues[0].pointer.startswith("line 5")


def test_byte_that_is_no_utf_8_is_an_error_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, SIMPLE)
    path.write_bytes(path.read_bytes() + b'{"claim": "\xff"}\n')
    with pytest.raises(DataError) as caught:
        load(dataset("simple"), path, "rows.jsonl")
    assert [str(issue) for issue in caught.value.issues] == [
        f"{path}: line 4: is not UTF-8: byte 0xff at position 11; write it as UTF-8",
        f"{path}: --skip-unusable leaves such rows out and says so",
    ]


def test_two_labels_only_is_an_error_or_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 2, the last: no row is NOT ENOUGH INFO; --skip-unusable"):
        loaded(tmp_path, "simple", SIMPLE[:2])
    found = loaded(tmp_path, "simple", SIMPLE[:2], skip=True)
    assert found.missing_labels == (Label.NEI,) and found.source.skipped == 0 and len(found.claims) == 2
    assert any("no claim is NOT ENOUGH INFO" in line for line in found.lines())


def test_issues_beyond_the_first_are_counted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1180 more issues are not listed") as caught:
        loaded(tmp_path, "simple", [*SIMPLE, *[{"claim": "Blind."}] * 1200])
    assert len(caught.value.issues) == 22
    assert loaded(tmp_path, "simple", [*SIMPLE, *[{"claim": "Blind."}] * 1200], skip=True).source.skipped == 1200


def test_file_without_a_usable_row_is_an_error_always(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no row that is usable as simple"):
        loaded(tmp_path, "simple", [{"claim": "Blind."}], skip=True)
    with pytest.raises(DataError, match="cannot be read"):
        load(dataset("simple"), tmp_path / "missing.jsonl")


def test_file_of_another_form_is_told_which(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="its first row is usable as simple: --dataset simple") as caught:
        loaded(tmp_path, "gold", [*SIMPLE, *SIMPLE])
    assert len(caught.value.issues) == 5


def test_unknown_data_set_is_refused_with_the_known() -> None:
    with pytest.raises(UsageError, match=r"unknown data set 'fewer': give one of claims, fever, gold"):
        dataset("fewer")


def test_new_data_set_is_one_function_and_one_row(tmp_path: Path) -> None:
    """A stand-in for a new form: pairs of claim and label in a list under one field."""
    row = DataSet("mine", dataset("simple").read, "my own rows", labels=(Label.SUPPORTS,))
    assert dataset("mine", (*DATASETS, row)) is row
    assert len(load(row, written(tmp_path, SIMPLE[:1])).claims) == 1


def test_source_names_file_and_digests(tmp_path: Path) -> None:
    one = loaded(tmp_path, "simple", SIMPLE).source
    assert (one.dataset, one.path, one.rows, one.claims) == ("simple", "rows.jsonl", 3, 3)
    assert one.size == (tmp_path / "rows.jsonl").stat().st_size and len(one.digest) == 64
    changed = [SIMPLE[0] | {"evidence": ["It grinds!"]}, *SIMPLE[1:]]
    other = loaded(tmp_path, "simple", changed).source
    assert other.digest != one.digest and other.claims_digest != one.claims_digest


def test_sample_depends_on_seed_and_not_on_file_order() -> None:
    row = dataset("claims")
    claims = load(row, ROOT / row.default_path).claims
    drawn = sample(claims, 20, 42)
    assert drawn == sample(claims[::-1], 20, 42) == sample(claims, 100, 42)[:20]
    assert drawn != sample(claims, 20, 43) and drawn != claims[:20]
    assert Counter(claim.label for claim in sample(claims, len(claims), 1)) == Counter(c.label for c in claims)


def test_sample_larger_than_data_is_refused_with_both_numbers() -> None:
    row = dataset("claims")
    claims = load(row, ROOT / row.default_path).claims
    with pytest.raises(UsageError, match=f"500 claims are asked for and the data has {len(claims)}"):
        sample(claims, 500, 42)


def test_borrowed_distractors_never_decide_the_claim(tmp_path: Path) -> None:
    rows = [
        *SYMMETRIC,
        *({"id": 10 + n, "claim": f"C{n}.", "evidence": f"E{n}.", "label": "REFUTES"} for n in range(6)),
    ]
    claims = loaded(tmp_path, "symmetric", rows).claims
    filled = with_distractors(claims, 3, 42)
    decisive = {"It has ground rye since 1981.", "It has stood idle since 1930."}
    for claim in filled[:4]:
        assert len(claim.distractors) == 3 and not decisive & set(claim.distractors)
    assert filled == with_distractors(claims, 3, 42) != with_distractors(claims, 3, 43)
    assert any(decisive & set(claim.distractors) for claim in with_distractors(claims, 6, 1)[4:])


def test_borrowing_stops_where_sentences_run_out(tmp_path: Path) -> None:
    claims = loaded(tmp_path, "simple", SIMPLE).claims
    assert [len(claim.distractors) for claim in with_distractors(claims, 9, 1)] == [1, 3, 3]


def test_ten_thousand_claims_load_and_sample(tmp_path: Path) -> None:
    rows = [{"id": n, "claim": f"Claim {n}.", "label": n % 3, "evidence": [f"Sentence {n}."]} for n in range(10_000)]
    found = loaded(tmp_path, "simple", rows)
    drawn = with_distractors(sample(found.claims, 10_000, 7), 3, 7)
    assert len({claim.key for claim in drawn}) == 10_000
    assert all(len(claim.distractors) >= 3 for claim in drawn)
    assert digest_of(drawn) == digest_of(with_distractors(sample(found.claims, 10_000, 7), 3, 7))


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("flat", FLAT[0] | {"evidence_wiki_url": "\ud800"}),
        ("fever", official(1, "SUPPORTS", [[("\udfff", 2)]])),
        ("gold", GOLD[0] | {"evidence": [["\ud800", "2", "It grinds."]]}),
        ("simple", SIMPLE[0] | {"evidence": [{"text": "It grinds.", "source": "\ud800"}]}),
    ],
)
def test_source_with_half_a_character_is_refused(name: str, row: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="half of a surrogate pair"):
        loaded(tmp_path, name, [row])
