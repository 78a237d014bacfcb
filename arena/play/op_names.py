"""Write names of operations in few characters: names share their beginning, as in a_{b,c} for a_b and a_c.

Every prompt of a run contains the list of all names, so each call pays for its length.
"""

from __future__ import annotations

from collections.abc import Sequence

NOTATION = "a_{b,c} means a_b and a_c"
"""The explanation for readers."""


def shortened(names: Sequence[str]) -> str:
    """Return words that stand for all names, each once; `expanded` reads them back.

    Beginnings and ends are cut at underscores only: `ec_{add,mul}`, `{vdf,vrf}_{prove,verify}`, `b_{c,d_{e,f}}`.
    """
    return " ".join(_words(list(dict.fromkeys(names))))


def expanded(text: str) -> list[str]:
    """Return the names that words written by `shortened` stand for; a word without braces is a name."""
    return [name for word in text.split() for name in _alternatives(word, 0)[0]]


def _words(names: list[str]) -> list[str]:
    alike: dict[tuple[str, ...], list[str]] = {}
    for beginning, ends in _by_beginning(names):
        alike.setdefault(ends, []).append(beginning)
    words = []
    for ends, beginnings in alike.items():
        if ends == ("",):
            words += beginnings
            continue
        first = beginnings[0] if len(beginnings) == 1 else _braced(beginnings)
        words.append(f"{first}_{_braced(_words(list(ends)))}")
    return words


def _braced(parts: Sequence[str]) -> str:
    return f"{{{','.join(parts)}}}"


def _alternatives(text: str, place: int) -> tuple[list[str], int]:
    """Read alternatives between commas up to a closing brace, or to the end; return them and the place after them."""
    found: list[str] = []
    made = [""]
    while place < len(text):
        char = text[place]
        place += 1
        if char == "{":
            inner, place = _alternatives(text, place)
            made = [one + other for one in made for other in inner]
        elif char == ",":
            found += made
            made = [""]
        elif char == "}":
            break
        else:
            made = [one + char for one in made]
    return found + made, place


def _by_beginning(names: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Divide names into groups of (beginning, ends), in the order of their first names; one that stays alone has the
    end ""."""
    taken: dict[str, str] = {}
    while best := _best_beginning([name for name in names if name not in taken]):
        for name in names:
            if name not in taken and name.startswith(f"{best}_"):
                taken[name] = best
    groups: list[tuple[str, list[str]]] = []
    shared: dict[str, list[str]] = {}
    for name in names:
        beginning = taken.get(name)
        if beginning is None:
            groups.append((name, [""]))
            continue
        if beginning not in shared:
            shared[beginning] = []
            groups.append((beginning, shared[beginning]))
        shared[beginning].append(name.removeprefix(f"{beginning}_"))
    return [(beginning, tuple(ends)) for beginning, ends in groups]


def _best_beginning(names: Sequence[str]) -> str | None:
    """Return the beginning that saves most characters if it is shared; None if none saves any."""
    shared: dict[str, int] = {}
    for name in names:
        parts = name.split("_")
        for length in range(1, len(parts)):
            beginning = "_".join(parts[:length])
            shared[beginning] = shared.get(beginning, 0) + 1
    # Each name except the first saves the beginning and its underscore; the braces cost two.
    saved = {beginning: (count - 1) * (len(beginning) + 1) - 2 for beginning, count in shared.items()}
    best = max(saved, key=saved.__getitem__, default=None)
    return best if best is not None and saved[best] > 0 else None
