"""Builds the report of one or several runs: one pass over the records, then the page."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from arena.analysis.report.figures import (
    checks_figure,
    dimensions_figure,
    grades_figure,
    heat_figure,
    label_figure,
    outcomes_figure,
)
from arena.analysis.report.listing import heat_map, unit_table, weakest
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.matches import MatchList, matches_folder
from arena.analysis.report.overview import (
    banners,
    by_label,
    caveat_list,
    checks,
    headline,
    ledgers,
    results,
    what_was_run,
)
from arena.analysis.report.page import MARK, asset, bottom, skip_link, top
from arena.analysis.report.reliability import reliability
from arena.analysis.report.row import MOST_GRADES
from arena.analysis.report.runinfo import clock, identity
from arena.analysis.report.spending import spending
from arena.analysis.report.tables import panel_parts, prose, table
from arena.analysis.report.tally import RunTally, checks_in, success_interval, successes
from arena.analysis.report.values import NBSP, percent, percent_span, spaced
from arena.analysis.report.versus.pages import SideBySide
from arena.analysis.report.versus.section import comparison
from arena.engine.shortfalls import MIN_COVERAGE
from arena.errors import UsageError
from arena.families.report import PanelFigure
from arena.formats.bounded import open_file
from arena.formats.svg import Element, document
from arena.formats.tables import number
from arena.store.files import AtomicFile, open_folder, require_folder, temporary_name, write_atomic
from arena.store.finished_run import FinishedRun
from arena.store.rundir import behind_links

INLINE_MATCHES, INLINE_BYTES = 300, 1_500_000
"""Matches, and bytes of matches.jsonl, up to which the matches are in the page itself."""
REPORT_FILE = "report.html"
FIGURES_DIR = "figures"
_OURS = re.compile(r"(?:r[0-9]+_)?(?:outcomes|dimensions|grades|checks|heatmap|(?:success_by|panel)_[a-z0-9_]+)\.svg")
_MATCH_FILE = re.compile(r"(?:pairs_)?[0-9]{4,}\.html")


@dataclass(frozen=True, slots=True)
class Paths:
    """The places of a report: the page, the folder of matches next to it, the folder of figures."""

    page: Path
    matches: Path
    figures: Path

    @classmethod
    def of(cls, page: Path, own: bool) -> Paths:
        """`own`: the page is in the directory of its run, where figures have a folder of a plain name."""
        figures = page.parent / (FIGURES_DIR if own else f"{page.stem}_figures")
        return cls(page, matches_folder(page), figures)


@dataclass(frozen=True, slots=True)
class Built:
    """The written files: bytes of the page, matches shown, files of matches next to it, names of figures; and the files
    of an earlier report's figures that were removed. `pair_files`: with two transcripts side by side.  `nouns`: what
    the matches are called."""

    page_bytes: int
    matches: int
    match_files: int
    pair_files: int
    figures: tuple[str, ...]
    removed: tuple[str, ...]
    nouns: str


def build_report(runs: Sequence[FinishedRun], paths: Paths, min_coverage: float = MIN_COVERAGE) -> Built:
    """Write the report of `runs`; mark those in which less than `min_coverage` percent of the plan has an outcome.

    Errors: DataError for a run that cannot be read; UsageError if another file than a report is in the way,
    or the place cannot be written to.
    """
    _refuse_foreign(paths.page)
    tallies = [RunTally(run, min_coverage) for run in runs]
    inline = sum(tally.records.shape.matches for tally in tallies) <= INLINE_MATCHES and (
        sum(tally.records.shape.size for tally in tallies) <= INLINE_BYTES
    )
    require_folder(paths.matches)
    require_folder(paths.figures)
    fresh = paths.matches.with_name(temporary_name(paths.matches.name))
    try:
        paths.page.parent.mkdir(parents=True, exist_ok=True)
        pairs = None
        if len(runs) == 2:
            pairs = SideBySide(paths.page, paths.matches, (runs[0].name, runs[1].name))
        if not inline or pairs:
            fresh.mkdir()
        listed = MatchList(None if inline else fresh, paths.page, len(runs) > 1)
        try:
            for place, tally in enumerate(tallies, 1):
                _read(tally, place, listed, pairs)
            if pairs:
                pairs.write(fresh)
            size = _write_page(paths, tallies, listed, pairs)
        finally:
            listed.close()
            if pairs:
                pairs.close()
        _swap(paths.matches, fresh if any(fresh.glob("*")) else None)
        figures, removed = _write_figures(paths.figures, tallies)
    except OSError as error:
        raise UsageError(f"cannot write the report to {paths.page}: {error.strerror}") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    side_by_side = pairs.files if pairs else 0
    return Built(size, listed.count, listed.files, side_by_side, tuple(figures), tuple(removed), _nouns(tallies))


def _refuse_foreign(page: Path) -> None:
    """Errors: UsageError if the page would replace a file that is not a report, or a link that leads nowhere else."""
    behind_links(page)
    if page.is_dir():
        raise UsageError(f"{page} is a directory; name a file, such as {page / REPORT_FILE}")
    if page.exists():
        with open_file(page) as file:
            if MARK.encode() not in file.read(200):
                raise UsageError(f"{page} exists and is not a report; give another --out, or remove it first")


def _read(tally: RunTally, run: int, listed: MatchList, pairs: SideBySide | None) -> None:
    """Read every record of one run, the first or a later one."""
    for record in tally.records:
        ledger = tally.parts.ledger(record)
        number = listed.count
        tally.clock.add(record.key, number)
        tally.add(record, number, ledger)
        whole = listed.add(tally, record, ledger, f"r{run}")
        if pairs:
            pairs.keep(run - 1, record.key, tally.parts.title(record.trial.unit), number, whole)


def _write_page(paths: Paths, tallies: Sequence[RunTally], listed: MatchList, pairs: SideBySide | None) -> int:
    title = _title(tallies)
    temporary = AtomicFile(paths.page)

    def write(part: Markup) -> None:
        temporary.write(f"{part}\n".encode())

    try:
        write(top(title, True))
        write(skip_link("main", "Skip to the results"))
        write(_header(title, tallies))
        write(Markup('<main id="main">'))
        if len(tallies) > 1:
            write(_side_by_side(tallies, pairs))
        for place, tally in enumerate(tallies, 1):
            for part in _run_sections(tally, place if len(tallies) > 1 else 0, listed, paths.figures):
                write(part)
        nouns = _nouns(tallies)
        write(tag("h2", nouns.capitalize(), id="matches"))
        write(_how_to_read(tallies[0], listed))
        write(listed.facets.bar(listed.count, nouns, all(tally.averaged for tally in tallies)))
        listed.copy_to(temporary)
        write(Markup("</main>"))
        write(_footer(paths, listed, pairs is not None and pairs.files > 0))
        write(bottom(True))
        temporary.close()
    finally:
        temporary.discard()
    return paths.page.stat().st_size


def _title(tallies: Sequence[RunTally]) -> str:
    if len(tallies) == 2:
        return f"Arena report: {tallies[1].run.name} against {tallies[0].run.name}"
    if len(tallies) > 2:
        return f"Arena report: {len(tallies)} runs"
    family = tallies[0].run.manifest.family
    return f"Arena report: {family}, {tallies[0].run.manifest.identity.models.participant or 'several models'}"


def _nouns(tallies: Sequence[RunTally]) -> str:
    """Return the word for the matches; for runs of several families, `matches`."""
    found = {tally.trial_nouns for tally in tallies}
    return found.pop() if len(found) == 1 else "matches"


def _header(title: str, tallies: Sequence[RunTally]) -> Markup:
    several = len(tallies) > 1
    links = [("runs", "Runs side by side")] if several else []
    links += [("differs", "What differs")] if len(tallies) == 2 else []
    for place, tally in enumerate(tallies, 1):
        if several:
            links.append((f"r{place}-results", f"r{place}: {tally.run.name}"))
        else:
            links += [("results", "Results"), *((panel.anchor, panel.title) for panel in tally.panels),
                      ("caveats", "What was not measured"),
                      *([("checks", "Checks")] if _checked(tally) else []), ("map", "Heat map"),
                      ("labels", "By label"), ("units", f"By {tally.unit_noun}"), ("run", "What it took"),
                      ("time", "Time")]  # fmt: skip
    links.append(("matches", _nouns(tallies).capitalize()))
    items = (tag("li", tag("a", text, href=f"#{target}")) for target, text in links)
    sentence = None if several else tag("p", what_was_run(tallies[0]))
    return join([tag("header", tag("h1", title), sentence), tag("nav", tag("ul", *items), aria_label="sections")])


def _checked(tally: RunTally) -> bool:
    """Return whether there is a section of checks: the family has checks, or a ledger."""
    return bool(tally.parts.checks or checks_in(tally.total).n or tally.claims)


def _side_by_side(tallies: Sequence[RunTally], pairs: SideBySide | None) -> Markup:
    rows = []
    alike = len({tally.dimensions for tally in tallies}) == 1
    dimensions = tallies[0].dimensions if alike else ()
    for place, tally in sorted(enumerate(tallies, 1), key=lambda one: not one[1].covered):
        won, n = successes(tally.total.outcomes)
        rows.append([tag("a", f"r{place}: {tally.run.name}", href=f"#r{place}-results"),
                     tally.run.manifest.identity.models.participant or "-",
                     f"{tally.total.n} of {tally.planned}",
                     percent(tally.coverage) + ("" if tally.covered else " (too little)"),
                     percent(won / tally.planned if tally.planned else None), percent(won / n if n else None),
                     percent_span(success_interval(tally.total.outcomes)), str(tally.total.n - tally.total.scores.n),
                     *(number(tally.mean(name)) for name in dimensions)])  # fmt: skip
    heads = ("Run", "Players", _nouns(tallies).capitalize(), "Covered", "Success of planned", "Success",
             f"95{NBSP}% interval", "In no mean", *map(spaced, dimensions))  # fmt: skip
    shown = [tag("h2", "Runs side by side", id="runs"), table(heads, rows, "Runs")]
    if pairs:
        shown.append(tag("h2", "What differs", id="differs"))
        shown.append(comparison(tallies, pairs))
    else:
        note = "Two runs in a report are compared. Of more, `arena compare` compares any two."
        shown.append(tag("p", prose(note)))
    return join(shown)


def _run_sections(tally: RunTally, place: int, listed: MatchList, figures: Path) -> Iterator[Markup]:
    mark = f"r{place}-" if place else ""
    picture = f"{quote(figures.name)}/{f'r{place}_' if place else ''}heatmap.svg"

    def section(anchor: str, title: str, *parts: object) -> Markup:
        shown = f"r{place}: {title}" if place else title
        return tag("section", tag("h2", shown, id=mark + anchor), *parts, aria_label=shown)

    sentence = tag("p", what_was_run(tally)) if place else None
    yield section("results", f"Results of {tally.run.name}" if place else "Results", sentence, banners(tally),
                  headline(tally), results(tally), reliability(tally))  # fmt: skip
    for panel in tally.panels:
        yield section(panel.anchor, panel.title, *panel_parts(panel))
    yield section("caveats", "What was not measured", caveat_list(tally))
    if _checked(tally):
        yield section("checks", "Mechanical checks", checks(tally), ledgers(tally))
    columns = "repetition" if tally.repeated else f"{tally.trial_noun}, in the order of the plan"
    yield section("map", f"Every {tally.trial_noun}: {tally.unit_noun} by {columns}",
                  heat_map(tally, listed.href, picture))  # fmt: skip
    yield section("labels", "By label", by_label(tally))
    units = unit_table(tally, listed.href)
    yield section("units", f"By {tally.unit_noun}", weakest(tally, listed.href), tag("h3", "All"), units)
    yield section("run", "What it took", spending(tally), tag("h3", "What the run is"), identity(tally))
    yield section("time", "When and how long", clock(tally, listed.href))


def _how_to_read(tally: RunTally, listed: MatchList) -> Markup:
    scores = ", ".join(map(spaced, tally.dimensions[:MOST_GRADES]))
    how = f"Open a line to read the {tally.trial_noun}."
    if listed.files:
        how = f"Each line links to the {tally.trial_noun}, in a file next to this page."
    said = f"{how} {'Grades' if tally.judged else 'Scores'} are in this order: {scores}." if scores else how
    return tag("p", said)


def _footer(paths: Paths, listed: MatchList, pairs: bool) -> Markup:
    beside = f" {paths.matches.name}/ belongs next to this page." if listed.files or pairs else ""
    text = "This page loads nothing and runs only its own script, for filters and sorting; it is readable without it."
    more = f"{beside} Texts of agents are shown as they are; invisible characters are written out, as in [U+202E]."
    return tag("footer", text + more)


def _swap(folder: Path, fresh: Path | None) -> None:
    """Put the new files of matches in the place of the old ones; only files of reports are removed."""
    if folder.is_dir():
        _remove(folder, _MATCH_FILE)
        if not any(folder.iterdir()):
            folder.rmdir()
    if fresh is None:
        return
    if folder.exists():
        raise UsageError(f"{folder} has files that do not belong to a report; give another --out, or remove them first")
    fresh.rename(folder)


def _write_figures(folder: Path, tallies: Sequence[RunTally]) -> tuple[list[str], list[str]]:
    """Write the figures, and remove those of an earlier report that are no more; return the names of both."""
    written: list[str] = []
    for place, tally in enumerate(tallies, 1):
        mark = f"r{place}_" if len(tallies) > 1 else ""
        for name, picture in _figures(tally):
            if picture is not None:
                file = f"{mark}{name}.svg"
                write_atomic(folder / file, document(picture, asset("figures.css")), folder.parent)
                written.append(file)
    return written, _remove(folder, _OURS, written)


def _remove(folder: Path, ours: re.Pattern[str], kept: Sequence[str] = ()) -> list[str]:
    """Remove the files of a folder, which must be no link, that an earlier report wrote; return their names."""
    try:
        inside = open_folder(folder.parent, folder.name)
    except FileNotFoundError:
        return []
    try:
        gone = [name for name in os.listdir(inside) if ours.fullmatch(name) and name not in kept]
        for name in gone:
            os.unlink(name, dir_fd=inside)
    finally:
        os.close(inside)
    return gone


def _figures(tally: RunTally) -> Iterator[tuple[str, Element | None]]:
    yield "outcomes", outcomes_figure(tally)
    yield "dimensions", dimensions_figure(tally)
    yield "grades", grades_figure(tally) if tally.total.scores.n else None
    yield "checks", checks_figure(tally)
    used: set[str] = set()
    for label in sorted(tally.labels):
        word = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40] or "label"
        name = next(name for n in itertools.count(1) if (name := word if n == 1 else f"{word}_{n}") not in used)
        used.add(name)
        yield f"success_by_{name}", label_figure(tally, label)
    for panel in tally.panels:
        for part in panel.parts:
            if isinstance(part, PanelFigure):
                yield f"panel_{part.file}", part.picture
    yield "heatmap", heat_figure(tally)
