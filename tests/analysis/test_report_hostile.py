"""Everything in a run is hostile text: whatever it says, the report keeps its own shape, and so do its figures."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.report import build, matches
from tests.support.arena_rig import DIMENSIONS
from tests.support.report_rig import HOSTILE, Parsed, fault, page, record, report, write_run

HARMLESS = "harmless words"


@pytest.fixture(autouse=True)
def one_page_for_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "INLINE_BYTES", 1 << 30)
    monkeypatch.setattr(matches, "FILE_BYTES", 1 << 30)


_TAGS = (
    "html head meta title style script body header main footer section nav a p ul ol li div span h1 h2 h3 h4 b strong"
    " small code pre blockquote table thead tbody tr th td dl dt dd details summary figure figcaption label input"
    " select option button output wbr svg g rect circle line text"
)
_ATTRIBUTES = (
    "lang charset http-equiv content name id class href role title aria-label aria-sort aria-live tabindex scope for"
    " type value checked hidden autocomplete data-facet data-c data-k data-l data-p data-s data-w viewbox"
    " font-family font-size font-weight x y x1 x2 y1 y2 cx cy r width height text-anchor"
)
TAGS, ATTRIBUTES = frozenset(_TAGS.split()), frozenset(_ATTRIBUTES.split())


def hostile_run(folder: Path, text: str) -> Path:
    """Write a run in which every text that anybody but us chooses is `text`."""
    call = {"turn": 0, "from": "Ana", "to": ["Ana", text], "kind": "call", "id": text, "step": 0, "index": 0,
            "op": text, "args": {text: [text]}, "answer": {"ok": False, "error": text}, "problem": text}  # fmt: skip
    turns: list[dict[str, Any]] = [
        {"turn": 0, "from": "Ana", "to": "all", "kind": "say", "text": text, "done": {"result": {text: text}}},
        call,
        {"turn": 1, "from": text, "to": [text], "kind": "malformed", "text": text, "problem": text},
        {"turn": 1, "from": text, "to": [text], "kind": "refusal", "text": text, "problem": text},
        {"turn": 2, "from": text, "to": [text], "kind": "note", "text": text},
    ]
    place = {"turn": 0, "seat": text}
    checks = {
        "version": 1,
        "textbook_names": {"ok": False, "found": [{**place, "name": text}]},
        "leaks": {"ok": False, "found": [{**place, "value": text, "form": text}], "undecided": [text]},
        "result": {"ok": False, "verdict": "wrong", "agreed": True, "declared": {text: text}, "right": text,
                   "unreadable": {text: text}},
        "artefacts": {"ok": False, "count": 1, "real": 0, "share": 0.0, "unreal": [{**place, "artefact": text}]},
        "tools": {"ok": False, "calls": 1, "failed": 1, "malformed": 0, "unused": 1,
                  "unused_calls": [{**place, "op": text}]},
    }  # fmt: skip
    judging = {
        "asks": 1, "calls": [{"id": text, "op": text, "args": {text: text}, "answer": {text: text}}],
        "panel": [{"judge": text, "repetition": 0, "scores": {text: 1}, "unscored": text, "verdict": text}],
        "checks": checks,
        "verified": {"rule": text, "version": 1, "scores": dict.fromkeys(DIMENSIONS, 0), "outcome": text,
                     "caps": [{"dimension": DIMENSIONS[0], "cap": 1, "reason": text}]},
    }  # fmt: skip
    gate = {"phase": "before", "kind": "tool", "seat": text, "turn": 0, "step": 0, "op": text, "decision": "warn",
            "reason_code": text, "rule_id": text, "message": text, "on_deny": text, "enforced": True,
            "observed": text, "bound": text}  # fmt: skip
    one = record(
        text, family=text, key=text, cell={text: text, "kind": text}, transcript=turns, usage={text: {"calls": 1}},
        scores=dict.fromkeys(DIMENSIONS, 1), outcome=text, verdict=text, judging=judging, detail=text, gates=[gate],
        instance={text: text},
    )  # fmt: skip
    other = fault(f"{text} 2")
    other |= {"family": text, "cell": {text: f"{text} 2", "kind": f"{text} 2"}, "unscored": text, "detail": text}
    identity = {
        "settings": {text: text, "seed": text},
        "models": {"participant": text, "roles": {text: text}, "roster": [text], "judge": text, "panel": [text],
                   "files": {text: text}},
        "calculator": {"provider": text, "version": text}, "rules": {text: text}, "plan": {"count": 2},
    }  # fmt: skip
    session = {"started_utc": text, "operation": {"workers": text}, "retry": [text], "retry_generation": 0,
               "calculator_binary_sha256": text, "ended_utc": text, "seconds": 1.0, "playing_seconds": 1.0, "played": 2,
               "stopped_by": text}  # fmt: skip
    return write_run(folder, [one, other], identity=identity, sessions=[session], created_utc=text,
                     git={"commit": text, "dirty": True}, python=text, arena_version=text)  # fmt: skip


def shape(found: Parsed) -> list[tuple[str, tuple[str, ...]]]:
    """Return tags and names of attributes in order, except for where a long word may break and which cells are long."""
    return [
        (name, tuple(key for key in attrs if (key, attrs[key]) != ("class", "long")))
        for name, attrs in found.tags if name != "wbr"
    ]  # fmt: skip


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, tuple[str, ...]]]:
    return shape(page(hostile_run(tmp_path_factory.mktemp("harmless") / "run", HARMLESS)))


def test_the_corpus_is_there_and_reaches_every_part_of_the_page(tmp_path: Path) -> None:
    assert len(HOSTILE) >= 35
    text = page(hostile_run(tmp_path / "run", HARMLESS)).text
    assert text.count(HARMLESS) > 80


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_of_hostile_texts_has_the_shape_of_a_page_of_harmless_ones(
    name: str, tmp_path: Path, harmless: list[tuple[str, tuple[str, ...]]]
) -> None:
    found = page(hostile_run(tmp_path / "run", HOSTILE[name]))
    assert {tag for tag, _ in found.tags} <= TAGS
    assert {attribute for _, attrs in found.tags for attribute in attrs} <= ATTRIBUTES
    assert shape(found) == harmless
    assert all(str(attrs["href"]).startswith("#") for _, attrs in found.tags if "href" in attrs)
    assert len(found.comments) == 3, "the mark and both ends of the time section, all ours"


@pytest.mark.parametrize("name", HOSTILE)
def test_files_beside_the_page_and_figures_keep_their_shape_too(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "INLINE_MATCHES", 0)
    run = hostile_run(tmp_path / "run", HOSTILE[name])
    assert report(run) == 0
    beside = Parsed((run / "report_matches/0001.html").read_text(encoding="utf-8"))
    assert {tag for tag, _ in beside.tags} <= TAGS and not beside.named("script")
    links = {str(attrs["href"]) for _, attrs in beside.tags if "href" in attrs}
    assert links == {"#main", "../report.html", "#m0", "#m1", "#m0-t0"}
    figures = sorted((run / "figures").iterdir())
    assert len(figures) >= 3 and all(path.name.isascii() and len(path.name) < 120 for path in figures)
    for path in figures:
        for node in ET.fromstring(path.read_bytes()).iter():
            assert node.tag.rpartition("}")[2] in {"svg", "style", "g", "rect", "circle", "line", "text", "title"}


def test_a_hostile_name_of_a_run_stays_text(tmp_path: Path) -> None:
    runs = [hostile_run(tmp_path / name, HARMLESS) for name in ('<img src=x onerror="1">', "b\u202ec")]
    out = tmp_path / "both.html"
    assert report(*runs, "--out", out) == 0
    found = Parsed(out.read_text(encoding="utf-8"))
    assert not found.named("img") and '<img src=x onerror="1">' in found.text and "b[U+202E]c" in found.text
