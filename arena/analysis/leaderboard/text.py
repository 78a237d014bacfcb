"""A leaderboard as text, Markdown, CSV and JSON. Pure.

Names of models, roles and runs may be any text: control characters are replaced, Markdown is escaped, CSV
cells cannot become formulas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.analysis.check.metrics import Figure
from arena.analysis.leaderboard.leaderboard import Board, Row, describe_difference
from arena.families.baselines import PublishedBaselines
from arena.formats.markdown import escape, table
from arena.formats.tables import csv_line, join_lines, number, text_table
from arena.formats.terminal import wrapped
from arena.records import Json
from arena.store.rundir import pretty_json

LEADERBOARD_FORMAT = 1
NOTE = (
    "Rates with 95 % Wilson intervals, which treat matches as independent. Ranks use the point estimate alone: if"
    " intervals overlap, `arena compare` shows whether there is a difference."
)
VERIFIED_NOTE = (
    "Verified scores are the judge's, capped by what the record shows was computed; the two are never mixed."
)


def title(board: Board) -> str:
    """Return the common values of a group, on one line."""
    rules = board.conditions
    version = [str(rules["benchmark_version"] or "a set without a version")] if "benchmark_version" in rules else []
    judged = [f"judged by {rules['judge']}"] if rules.get("judge") is not None else []
    return f"{rules.get('family')}: {', '.join([*version, *judged, 'seed ' + str(rules.get('seed'))])}"


def notes(board: Board, all_boards: Sequence[Board]) -> list[str]:
    """Return the notes on a group: how it differs from the first, and what its runs lack."""
    out = []
    if board is not all_boards[0]:
        lines = describe_difference(board, all_boards[0])
        out.append("not ranked with the first group, which differs in: " + "; ".join(lines))
    for row in board.rows:
        if not board.covers(row):
            out.append(
                f"{row.run}: {row.coverage:.0%} of the planned matches have an outcome, less than"
                f" {board.min_coverage:g} %: placed below, without a rank"
            )
        if row.left_out["not played"]:
            out.append(f"{row.run}: {row.left_out['not played']} of {row.planned} planned matches were not played")
        if row.unpriced:
            out.append(f"{row.run}: no price of {', '.join(row.unpriced)}, so its cost is not known")
    return out


def header(board: Board) -> list[str]:
    """Return the columns of the tables for people: the judge's dimensions first, then the verified ones."""
    short = [_short(name) for name in board.dimensions]
    return [
        "run", "rank", "players", f"{board.noun}s", "split", "matches", "covered", "outcomes", "success",
        "success of planned", "verified success",
        *(f"{name} (judge)" for name in short), *(f"{name} (verified)" for name in short), "result right", "leaks",
        "errors", "unscored", "aborted", "denied", "limit", "pending", "calls", "tokens", "cost $", "pass^k",
    ]  # fmt: skip


_OF_SOME_FAMILIES = frozenset({"split", "verified success", "result right", "leaks"})
"""Columns that are left out if no run has a value."""

LEFT = frozenset({"run", "players", "split", "outcomes"})
"""Columns of text, which are set flush left."""


def cells(board: Board) -> Iterator[list[str]]:
    """Yield the rows of the tables for people."""
    for rank, row in zip(board.ranks, board.rows, strict=True):
        out = row.left_out
        passing = "-" if row.pass_hat is None else f"{row.pass_hat[1]:.3f} (k={row.pass_hat[0]})"
        yield [
            row.run, "-" if rank is None else str(rank), row.players, str(row.units), row.splits or "-", _matches(row),
            f"{row.coverage:.0%}" + ("" if board.covers(row) else " (too little)"),
            "/".join(str(count) for count in row.outcomes.values()), _rate(row.success),
            "-" if row.success_planned is None else f"{row.success_planned:.1%}", _rate(row.verified_success),
            *(number(row.raw.get(name)) for name in board.dimensions),
            *(number(row.verified.get(name)) for name in board.dimensions), _rate(row.right), _rate(row.leaks),
            *(str(out[name]) for name in ("errors", "unscored", "aborted", "denied", "limit", "pending")),
            f"{row.calls:,}",
            f"{row.tokens:,}{'~' if row.estimated else ''}",
            "unknown" if row.cost_usd is None else f"{row.cost_usd:,.2f}", passing,
        ]  # fmt: skip


def shown(board: Board) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of the tables for people, without the columns that no family of these runs fills."""
    columns, rows = header(board), list(cells(board))
    kept = [
        place
        for place, name in enumerate(columns)
        if not (name in _OF_SOME_FAMILIES or name.endswith("(verified)")) or any(row[place] != "-" for row in rows)
    ]
    return [columns[place] for place in kept], [[row[place] for place in kept] for row in rows]


def note_on_figures(found: Sequence[Board]) -> str:
    """Return how to read the figures; a sentence on verified scores if a run has them."""
    verified = any(row.verified for board in found for row in board.rows)
    return f"{NOTE} {VERIFIED_NOTE}" if verified else NOTE


def _matches(row: Row) -> str:
    return f"{row.matches}" if row.matches == row.planned else f"{row.matches} of {row.planned}"


def _rate(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    low, high = figure.interval or (figure.value, figure.value)
    return f"{figure.value:.1%} [{low * 100:.0f}-{high * 100:.0f}]"


def _short(dimension: str) -> str:
    return dimension.split("/")[0].strip().split(" ")[0].lower()


BASELINE_HEADS = ("baseline", "matches", "success", "verified success")


def baselines_title(published: PublishedBaselines) -> str:
    """Return the heading of the table of baselines."""
    return (
        f"Results of generated plays on {published.benchmark_version}, judged by {published.judge}, {published.seeds}"
        " seeds. All should fail, except the reference, and open_talk_right, where plain talk is right."
    )


def baseline_cells(published: PublishedBaselines) -> list[list[str]]:
    """Return a row per baseline, in the order of the published table."""
    return [
        [row.name, f"{row.n:,}", *("-" if rate is None else f"{rate:.1%}" for rate in
         (row.success_rate, row.verified_success_rate))]
        for row in published.baselines
    ]  # fmt: skip


def text(found: Sequence[Board], width: int | None = None) -> str:
    """Return the tables for a terminal, one run after the other turned on its side: they have too many columns.

    `width`: columns of the terminal, for sentences; None: no limit."""
    lines: list[str] = []
    for board in found:
        columns, runs = shown(board)
        rows = [list(row) for row in zip(columns, *runs, strict=True)]
        lines += [title(board), "", text_table(rows[0], rows[1:]), ""]
        lines += [f"outcomes: {'/'.join(next(iter(board.rows)).outcomes)}"]
        for note in notes(board, found):
            lines += wrapped(f"note: {note}", width)
        lines += [""]
        if board.baselines is not None:
            rates = text_table(BASELINE_HEADS, baseline_cells(board.baselines), frozenset({1, 2, 3}))
            lines += [*wrapped(baselines_title(board.baselines), width), rates, ""]
    return join_lines([*lines, *wrapped(note_on_figures(found), width)])


def markdown(found: Sequence[Board]) -> bytes:
    """Return the tables as Markdown."""
    lines = ["# Leaderboard", ""]
    for board in found:
        columns, rows = shown(board)
        right = frozenset(place for place, name in enumerate(columns) if name not in LEFT)
        lines += [f"## {escape(title(board))}", "", table(columns, rows, right), ""]
        lines += [f"Outcomes: {escape('/'.join(next(iter(board.rows)).outcomes))}.", ""]
        lines += [f"- {escape(note)}" for note in notes(board, found)]
        lines += [""]
        if board.baselines is not None:
            rates = table(BASELINE_HEADS, baseline_cells(board.baselines), frozenset({1, 2, 3}))
            lines += [escape(baselines_title(board.baselines)), "", rates, ""]
    return "\n".join([*lines, escape(note_on_figures(found)), ""]).encode("utf-8", "backslashreplace")


def csv_bytes(found: Sequence[Board]) -> bytes:
    """Return one row per run; rates as numbers with their bounds, missing values as empty cells."""
    dimensions = tuple(dict.fromkeys(name for board in found for name in board.dimensions))
    outcomes = tuple(dict.fromkeys(name for board in found for row in board.rows for name in row.outcomes))
    lines = [csv_line(_csv_header(dimensions, outcomes))]
    for group, board in enumerate(found, 1):
        for rank, row in zip(board.ranks, board.rows, strict=True):
            lines.append(csv_line(_csv_row((group, rank), row, dimensions, outcomes)))
    return b"".join(lines)


_RATES = ("success", "verified_success", "right", "leaks")


def _csv_header(dimensions: Sequence[str], outcomes: Sequence[str]) -> list[str]:
    rates = [f"{name}_{part}" for name in _RATES for part in ("rate", "low", "high", "n")]
    return ["group", "rank", "run", "identity_sha256", "players", "judge", "calculator", "benchmark_version", "splits",
            "units", "repetitions", "matches", "planned", "coverage", "success_planned", *outcomes, *rates, *dimensions,
            *(f"verified {name}" for name in dimensions), "errors", "unscored", "aborted", "denied", "limit",
            "pending", "not_played", "calls", "tokens", "tokens_estimated", "cost_usd", "pass_hat_k", "k"]  # fmt: skip


def _csv_row(place: tuple[int, int | None], row: Row, dimensions: Sequence[str], outcomes: Sequence[str]) -> list[Json]:
    rates: list[Json] = []
    for figure in (row.success, row.verified_success, row.right, row.leaks):
        rates += [_round(figure.value), *(_round(end) for end in figure.interval or (None, None)), figure.n]
    k, hat = row.pass_hat or (None, None)
    return [*place, row.run, f"sha256:{row.identity}", row.players, row.judge, row.calculator,
            row.version or None, row.splits or None, row.units, row.repetitions, row.matches, row.planned,
            _round(row.coverage), _round(row.success_planned),
            *(row.outcomes.get(name) for name in outcomes), *rates,
            *(row.raw.get(name) for name in dimensions), *(row.verified.get(name) for name in dimensions),
            *row.left_out.values(), row.calls, row.tokens, row.estimated, row.cost_usd, hat, k]  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def json_bytes(found: Sequence[Board]) -> bytes:
    """Return groups and rows as JSON."""
    groups = [
        {
            "conditions": board.conditions,
            "differs_from_first_in": list(board.differs),
            "notes": notes(board, found),
            "baselines": None if board.baselines is None else board.baselines.to_json(),
            "rows": [{"rank": rank, **_row_json(row)} for rank, row in zip(board.ranks, board.rows, strict=True)],
        }
        for board in found
    ]
    return pretty_json({"leaderboard_format": LEADERBOARD_FORMAT, "groups": groups})


def _row_json(row: Row) -> dict[str, Json]:
    return {
        "run": row.run,
        "identity_sha256": row.identity,
        "players": row.players,
        "judge": row.judge,
        "calculator": row.calculator,
        "benchmark_version": row.version,
        "splits": row.splits,
        "units": row.units,
        "repetitions": row.repetitions,
        "matches": row.matches,
        "planned": row.planned,
        "coverage": _round(row.coverage),
        "success_rate_planned": _round(row.success_planned),
        "outcomes": dict(row.outcomes),
        "success_rate": _figure(row.success),
        "verified_success_rate": _figure(row.verified_success),
        "mean_scores": dict(row.raw),
        "verified_mean_scores": dict(row.verified) or None,
        "checks": {"result_right": _figure(row.right), "leaks": _figure(row.leaks)},
        "left_out": dict(row.left_out),
        "calls": row.calls,
        "tokens": row.tokens,
        "tokens_estimated": row.estimated,
        "cost_usd": row.cost_usd,
        "unpriced": list(row.unpriced),
        "pass_hat_k": None if row.pass_hat is None else {"k": row.pass_hat[0], "value": row.pass_hat[1]},
    }


def _figure(figure: Figure) -> Mapping[str, Json]:
    bounds = figure.interval and [_round(end) for end in figure.interval]
    return {"value": _round(figure.value), "n": figure.n, "interval_95": bounds}
