"""The frame of a page: head, content security policy, style, script, navigation.

The policy forbids every load, and every script and style except the page's own, whose digests it lists (Content
Security Policy Level 3, section 8.3), so that even markup that slipped through could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from arena.analysis.report.markup import Markup, tag, trusted

MARK = "<!-- protocol arena: report -->"
"""Second line of every page, by which the command knows a report that it may replace."""

_FOLDER = Path(__file__).parent


@cache
def asset(name: str) -> str:
    """Return the text of a file next to this module (style.css, figures.css, script.js)."""
    return (_FOLDER / name).read_text(encoding="utf-8").strip()


def digest(text: str) -> str:
    """Return a source expression of a content security policy for an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def style() -> str:
    """Return the style of a page."""
    return asset("style.css") + "\n" + asset("figures.css")


def policy(script: str | None) -> str:
    """Return the content security policy of a page with this inline script, or with none."""
    scripts = digest(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {digest(style())}; script-src {scripts}; base-uri 'none'; form-action 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )


def top(title: str, with_script: bool) -> Markup:
    """Return a page from its first byte into <body>."""
    script = asset("script.js") if with_script else None
    head = [
        tag("meta", charset="utf-8"),
        trusted(f'<meta http-equiv="Content-Security-Policy" content="{policy(script)}">'),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        trusted(f"<style>{style()}</style>"),
    ]
    inner = "\n".join(head)
    return Markup(f'<!doctype html>\n{MARK}\n<html lang="en"><head>\n{inner}\n</head><body>\n')


def bottom(with_script: bool) -> Markup:
    """Return the end of a page."""
    script = f"<script>{asset('script.js')}</script>\n" if with_script else ""
    return Markup(f"{script}</body></html>\n")


def skip_link(target: str, text: str) -> Markup:
    """Return the link that a keyboard meets first."""
    return tag("a", text, href=f"#{target}", class_="skip")
