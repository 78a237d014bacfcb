"""Removes known keys from logs, records and messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from arena.formats.json_types import Json

MIN_SECRET_CHARS = 8
"""Shorter values are placeholders such as `none` or `EMPTY`; removing those would damage ordinary words."""

REDACTED = "[redacted]"

SECRET_SUFFIXES = ("_API_KEY", "_SECRET_ACCESS_KEY", "_TOKEN", "_BEARER")
"""Endings of the names of environment variables whose values are secrets."""


SEVERAL_SUFFIX = "_API_KEYS"
"""Ending of the names of variables that hold several keys."""


def split_keys(value: str) -> list[str]:
    """Return the keys of a variable that holds several, with commas or white space between."""
    return value.replace(",", " ").split()


def public_url(url: str) -> str:
    """Return an address without its possible secrets: credentials before the host, tokens in the query."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.partition('?')[0].rpartition('@')[2]}" if mark else url


class Redactor:
    """Replaces known secrets by `[redacted]`.

    `secrets`: values to hide; those under 8 characters are ignored. Each is also found in its JSON-escaped and
    URL-encoded spelling. Thread-safe: nothing changes after construction.
    """

    __slots__ = ("_needles", "_byte_needles")

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings: set[str] = set()
        for secret in secrets:
            if len(secret) >= MIN_SECRET_CHARS:
                spellings.update((secret, json.dumps(secret)[1:-1], quote(secret, safe="")))
        # The longest first, so that nothing remains of a secret that contains another one.
        self._needles = tuple(sorted(spellings, key=lambda needle: (-len(needle), needle)))
        self._byte_needles = tuple(needle.encode("utf-8", "surrogatepass") for needle in self._needles)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], extra: Iterable[str] = ()) -> Redactor:
        """Hide the values of all variables that are named like keys (SECRET_SUFFIXES, SEVERAL_SUFFIX), and `extra`."""
        named = (value.strip() for name, value in environ.items() if name.upper().endswith(SECRET_SUFFIXES))
        lists = (value for name, value in environ.items() if name.upper().endswith(SEVERAL_SUFFIX))
        return cls([*named, *(key for value in lists for key in split_keys(value)), *extra])

    def text(self, text: str) -> str:
        """Return `text` with every known secret replaced; the same object when there is none."""
        for needle in self._needles:
            if needle in text:
                text = text.replace(needle, REDACTED)
        return text

    def json(self, value: Json) -> Json:
        """Return `value` with the secrets in its strings and object keys replaced; parts without secrets are shared."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.json(item) for key, item in value.items()}
        return value

    def clean(self, body: bytes) -> bool:
        """Return whether a JSON body certainly contains no secret, so that its value need not be walked.

        False if a secret occurs, or an escape could spell one (`\\uXXXX`, `\\/`).
        """
        needles = self._byte_needles
        if not needles:
            return True
        return not (b"\\u" in body or b"\\/" in body or any(needle in body for needle in needles))
