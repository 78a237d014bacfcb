"""Two runs in one report: the verdict, the differences, and shared matches side by side."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.report.markup import Markup
from arena.analysis.report.versus.pages import SideBySide
from arena.analysis.report.versus.plots import metrics_figure, row_figure, signed
from arena.analysis.report.versus.section import verdict
from arena.formats.svg import render
from tests.support.arena_rig import arena
from tests.support.report_rig import Parsed, record, report, write_run

CHALLENGES = 6


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two runs of the same challenges, of which the second errs on purpose."""
    folder = tmp_path_factory.mktemp("both")
    for name in ("careful", "careless"):
        ended = arena("--limit", str(CHALLENGES), "--participant-model", f"mock/{name}", "--out", str(folder / name))
        assert ended.code == 0, ended
    page = folder / "both.html"
    assert report(folder / "careful", folder / "careless", "--out", page) == 0
    return page


def metric(name: str, verdict: str, source: str = "judge", **more: Any) -> dict[str, Any]:
    found = {"metric": name, "verdict": verdict, "source": source, "kind": "score", "as_judged": False, "pairs": 4,
             "difference": -0.5, "ci95_bca": [-0.75, -0.25], "ci95_percentile": None}  # fmt: skip
    return {**found, **more}


def test_the_verdict_is_a_sentence_with_every_metric_once() -> None:
    rows = [metric("Skill", "worse"), metric("tool_use", "better"), metric("Skill", "cannot tell", "verified"),
            metric("Care", "worse", "verified", as_judged=True)]  # fmt: skip
    words = {"unit": "challenge", "units": "challenges", "trial": "match", "trials": "matches"}
    found = {
        "base": {"name": "a"},
        "tuned": {"name": "b"},
        "metrics": rows,
        "pairs": 1,
        "challenges": 1,
        "words": words,
    }
    assert verdict(found) == (
        "b (r2) against a (r1): better in tool use; worse in Skill; one cannot tell for Skill (verified)."
        " 1 pair of matches in 1 challenge."
    )


def test_two_runs_are_compared_by_a_sentence_plots_and_tables(both: Path) -> None:
    text = both.read_text(encoding="utf-8")
    found = Parsed(text)
    assert "careless (r2) against careful (r1): " in found.text and f"{CHALLENGES} pairs of matches" in found.text
    said = found.text.index("careless (r2) against")
    assert said < found.text.index("Difference in means: r2 minus r1"), "the verdict stands above the plots"
    assert found.text.index("Difference in means: r2 minus r1") < found.text.index("Challenge by challenge")
    plots = [attrs for attrs in found.named("svg") if re.search(r": [+-][0-9.]+$", str(attrs.get("aria-label")))]
    assert len(plots) == CHALLENGES, "a plot for each challenge"
    assert "`" not in "".join(found.texts).partition("function")[0]


def test_the_greatest_loss_of_the_second_run_stands_first(both: Path) -> None:
    labels = re.findall(r'aria-label="[^"]*: ([+-][0-9.]+)"', both.read_text(encoding="utf-8"))
    values = [float(text) for text in labels]
    assert values == sorted(values) and len(set(values)) > 1


def test_each_shared_match_has_a_page_with_both_transcripts(both: Path) -> None:
    found = Parsed(both.read_text(encoding="utf-8"))
    links = [str(attrs["href"]) for attrs in found.named("a") if "pairs_" in str(attrs.get("href"))]
    assert len(links) == len(set(links)) == CHALLENGES
    for link in links:
        file, _, anchor = link.partition("#")
        beside = Parsed((both.parent / file).read_text(encoding="utf-8"))
        ids = [attrs["id"] for _, attrs in beside.tags if "id" in attrs]
        assert anchor in ids and len(ids) == len(set(ids)) and not beside.named("script")
        turns = [attrs for attrs in beside.named("ol") if attrs.get("class") == "turns"]
        assert len(turns) == 2 * CHALLENGES
        inner = {str(attrs["href"])[1:] for attrs in beside.named("a") if str(attrs["href"]).startswith("#")}
        assert inner <= set(ids), "links to turns lead somewhere"


def test_runs_that_differ_in_more_than_the_players_are_not_compared(both: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert arena("--limit", "2", "--seed", "7", "--out", str(other)).code == 0
    page = tmp_path / "page.html"
    assert report(both.parent / "careful", other, "--out", page) == 0
    text = Parsed(page.read_text(encoding="utf-8")).text
    assert "These runs are not compared" in text and "seed: base 0, tuned 7" in text
    assert "Challenge by challenge" not in text


def test_a_report_of_one_run_leaves_no_pairs_of_an_earlier_one(both: Path, tmp_path: Path) -> None:
    page = tmp_path / both.name
    shutil.copy(both, page)
    shutil.copytree(both.parent / "both_matches", tmp_path / "both_matches")
    assert report(both.parent / "careful", "--out", page) == 0
    assert not (tmp_path / "both_matches").exists()


def test_three_runs_are_shown_and_not_compared(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, [record()]) for name in ("one", "two", "three")]
    assert report(*runs, "--out", tmp_path / "all.html") == 0
    text = Parsed((tmp_path / "all.html").read_text(encoding="utf-8")).text
    assert "Arena report: 3 runs" in text and "`" not in text.partition("function")[0]
    assert "Two runs in a report are compared." in text and "What differs" not in text


def test_only_matches_of_both_sides_become_pairs(tmp_path: Path) -> None:
    pages = SideBySide(tmp_path / "p.html", tmp_path / "p_matches", ("a", "<b>"))
    for side, keys in enumerate((("x", "y"), ("y", "z"))):
        for number, key in enumerate(keys):
            pages.keep(side, key, f"title {key}", 10 * side + number, Markup(f"<p>{side} {key}</p>"))
    pages.write(tmp_path)
    pages.close()
    assert pages.links() == {"y": "p_matches/pairs_0001.html#p1"} and pages.files == 1
    text = (tmp_path / "pairs_0001.html").read_text(encoding="utf-8")
    assert "<p>0 y</p>" in text and "<p>1 y</p>" in text and "<p>0 x</p>" not in text and "r2: &lt;b&gt;" in text


def test_differences_have_signs_and_no_minus_zero() -> None:
    assert [signed(value) for value in (0.5, -0.25, -0.001, None)] == ["+0.50", "-0.25", "+0.00", "-"]
    assert signed(-0.16, "rate") == "-16.0"


def test_a_plot_of_differences_has_zero_in_the_middle_and_verified_as_squares() -> None:
    rows = [metric("Skill", "worse"), metric("Skill", "worse", "verified", difference=-0.3)]
    picture = metrics_figure(rows, "score")
    assert picture is not None and metrics_figure(rows, "rate") is None
    text = str(render(picture))
    assert "-0.50 / -0.30" in text and text.count("<rect") == text.count("<circle") == 1
    assert ">-0.8<" in text and ">0<" in text and ">+0.8<" in text


def test_the_plot_of_a_challenge_spans_its_pairs() -> None:
    text = str(render(row_figure("c", [-1.0, 0.0], 2.0)))
    lines = re.findall(r'<line x1="([0-9.]+)" x2="([0-9.]+)"', text)
    assert lines == [("75", "75"), ("41", "75")] and 'cx="58"' in text
