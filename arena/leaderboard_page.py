"""A leaderboard as one HTML page: no script, nothing loaded, no name becomes markup. Floor F4. Pure.

The policy forbids everything but the page's own style, which it names by its digest (Content Security Policy Level 3,
section 8.3).
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence

from arena.leaderboard import Board
from arena.leaderboard_text import LEFT, NOTE, cells, header, notes, title
from arena.tables import printable

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--bg:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a2abb5;--line:#343c46;--bg:#0f1318}}
body{margin:0 auto;max-width:96rem;padding:1.5rem;background:var(--bg);color:var(--ink)}
body{font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem .3rem 0;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{vertical-align:bottom;color:var(--soft)}
.l{text-align:left;overflow-wrap:anywhere;min-width:7rem;unicode-bidi:isolate}
p,li{color:var(--soft);max-width:60rem}
@media print{body{max-width:none;padding:0;font-size:9pt}.wide{overflow:visible}}
""".strip()


def page(found: Sequence[Board]) -> bytes:
    """Return the page as UTF-8."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    lines = [
        "<!doctype html>",
        '<html lang="en"><head>',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Leaderboard</title>",
        f"<style>{_STYLE}</style>",
        "</head><body>",
        "<h1>Leaderboard</h1>",
        f"<p>{_text(NOTE)}</p>",
    ]
    for board in found:
        lines += _section(board, found)
    return "\n".join([*lines, "</body></html>", ""]).encode("utf-8", "backslashreplace")


def _section(board: Board, found: Sequence[Board]) -> list[str]:
    columns = header(board)
    left = [' class="l"' if name in LEFT else "" for name in columns]
    heads = "".join(f'<th scope="col"{side}>{_text(name)}</th>' for name, side in zip(columns, left, strict=True))
    rows = [
        "<tr>" + "".join(f"<td{side}>{_text(cell)}</td>" for cell, side in zip(row, left, strict=True)) + "</tr>"
        for row in cells(board)
    ]
    said = [f"<li>{_text(note)}</li>" for note in notes(board, found)]
    outcomes = "/".join(board.rows[0].outcomes)
    return [
        f"<h2>{_text(title(board))}</h2>",
        *(["<ul>", *said, "</ul>"] if said else []),
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>',
        *rows,
        f"</tbody></table></div><p>Outcomes: {_text(outcomes)}.</p>",
    ]


def _text(text: str) -> str:
    return html.escape(printable(text))
