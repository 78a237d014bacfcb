"""Names that a user may shorten: any beginning that only one known name has, in upper or lower case. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def full_name(text: str, known: Iterable[str]) -> str:
    """Return the known name that `text` is, or is the only beginning of; `text` itself where there is no such name.

    Upper and lower case, `-` and `_` count as equal. A name that is written out overrides longer ones that begin so.
    """
    names = list(dict.fromkeys(known))
    if text in names:
        return text
    typed = _plain(text)
    for fits in (str.__eq__, str.startswith):
        found = [name for name in names if fits(_plain(name), typed)]
        if len(found) == 1 and typed:
            return found[0]
    return text


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_")
