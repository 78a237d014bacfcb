"""The challenge file: load, validate (all issues at once, each with its JSON pointer), select; file names of roles.

validate.py checks the content of a file; docs/challenges.md describes the file.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.errors import Issue, UsageError
from arena.families.crypto.challenges.validate import (
    Check,
    check_challenges,
    check_header,
    format_of,
    kind_of,
    show,
    similar,
)
from arena.formats.strict_json import IssueList, parse, read_bytes
from arena.records import Json

UNNAMED_VERSION = "unnamed_v1"
"""The version of a format 1 file that names none."""

MAX_ROLE_NAME_CHARS = 100
"""Longest result of encode_role. With an extension and a temporary suffix it fits every file system."""

_PLAIN = frozenset(string.ascii_letters + string.digits + "_-")
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")
# Windows opens a device for these names, whatever the extension.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


@dataclass(frozen=True, slots=True)
class ChallengeSet:
    """A validated challenge file.

    `version`: its benchmark version (`diverse_v2`). `format`: 1 or 2. `challenges`: the objects of the file, in its
    order; they are shared, so readers must not change them. `sha256`: hex digest of the file's bytes. `warnings`:
    problems that format 1 tolerates and format 2 refuses.
    """

    version: str
    format: int
    challenges: tuple[dict[str, Json], ...]
    path: Path
    sha256: str
    created_at: str | None = None
    canary: str | None = None
    warnings: tuple[Issue, ...] = ()

    def header(self) -> dict[str, Json]:
        """Return the members of the file besides its challenges, as a file of the same format spells it."""
        found = {
            "format": self.format,
            "benchmark_version": self.version,
            "created_at": self.created_at,
            "canary": self.canary,
        }
        return {name: value for name, value in found.items() if value is not None}


def load(path: Path) -> ChallengeSet:
    """Read and validate a challenge file. Raises DataError with all issues; warnings are left in the result."""
    data = read_bytes(path)
    issues = IssueList(str(path))
    value = parse(data, issues)
    top = value if isinstance(value, dict) else {"challenges": value}
    format_ = format_of(top, issues)
    warnings = issues if format_ == 2 else IssueList(str(path))
    check = Check(format_, issues, warnings)
    root = "/challenges" if isinstance(value, dict) else ""
    if isinstance(value, dict):
        check_header(check, value)
    elif not isinstance(value, list):
        issues.add("", f"expected an object with `challenges`, or a list of challenges, found {kind_of(value)}")
    if "challenges" in top and isinstance(value, dict | list):
        check_challenges(check, top["challenges"], root)
    issues.raise_if_any()
    return ChallengeSet(
        version=top.get("benchmark_version", UNNAMED_VERSION),
        format=format_,
        challenges=tuple(top["challenges"]),
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        created_at=top.get("created_at"),
        canary=top.get("canary"),
        warnings=() if warnings is issues else tuple(warnings.issues),
    )


def select(
    challenge_set: ChallengeSet,
    split: str | None = None,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
    asked: str = "--challenge-ids",
) -> tuple[dict[str, Json], ...]:
    """Return the chosen challenges in the file's order.

    They are those of `split`, of them those in `ids`, of them the first `limit`. None (for `ids` also an empty list)
    chooses all. `asked`: the flag that gave the ids. Errors: UsageError for a name that does not exist, for an id that
    the split leaves out, for a split of a format 1 file, and if nothing is chosen.
    """
    chosen = challenge_set.challenges
    if split is not None:
        chosen = _of_split(challenge_set, split)
    if ids:
        _refuse_unknown_ids(challenge_set, chosen, ids, (asked, split))
        wanted = set(ids)
        chosen = tuple(c for c in chosen if c["id"] in wanted)
    if limit is not None:
        if limit < 1:
            raise UsageError(f"--limit {limit} would play nothing; give a number of challenges from 1 on")
        chosen = chosen[:limit]
    return chosen


def _of_split(challenge_set: ChallengeSet, split: str) -> tuple[dict[str, Json], ...]:
    if challenge_set.format < 2:
        hint = ""
        if any("split" in challenge for challenge in challenge_set.challenges):
            hint = ' (its `split` labels are not read: they count once the file says "format": 2 and is valid as such)'
        raise UsageError(
            f"--challenge-split {split}: {challenge_set.path} is a format 1 file, whose challenges carry no checked"
            f" split{hint}; leave the option out or use a format 2 file"
        )
    counts = Counter(challenge["split"] for challenge in challenge_set.challenges)
    if split not in counts:
        known = ", ".join(f"{name} ({n})" for name, n in sorted(counts.items()))
        raise UsageError(
            f"--challenge-split {split}: no challenge of {challenge_set.path} carries this split"
            f"{similar(split, counts)}; its splits are {known}"
        )
    return tuple(c for c in challenge_set.challenges if c["split"] == split)


def _refuse_unknown_ids(
    challenge_set: ChallengeSet, chosen: Sequence[dict[str, Json]], ids: Sequence[str], given: tuple[str, str | None]
) -> None:
    asked, split = given
    everywhere = {c["id"]: c for c in challenge_set.challenges}
    here = {c["id"] for c in chosen}
    problems = []
    for name in dict.fromkeys(ids):
        if name not in everywhere:
            problems.append(f"{show(name)} is not in {challenge_set.path}{similar(name, everywhere)}")
        elif name not in here:
            problems.append(f"{show(name)} belongs to the split {everywhere[name]['split']}, not to {split}")
    if problems:
        names = list(everywhere)
        listed = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
        raise UsageError(f"{asked}: {'; '.join(problems)}. The file has: {listed}")


def encode_role(role: str) -> str:
    """Return the file name of a role, without extension: ASCII letters, digits, `_`, `-`, `%`, `~`; at most 100
    characters.

    Different roles get names that differ in more than case. Letters, digits, `_` and `-` stay; every other character
    becomes its UTF-8 bytes as `%XX`. If the words of the role are not written Like_This, `~` follows, and then, in hex,
    which of its ASCII letters are capitals (bit 0: the first). A name that would be too long is cut and ends in `~~`
    and 32 hex digits of the SHA-256 of the role. Every text has such a name.
    """
    data = "".join(c if c in _PLAIN else "".join(f"%{b:02X}" for b in _utf8(c)) for c in role)
    capitals, usual, bit = 0, True, 1
    for index, character in enumerate(role):
        if character not in string.ascii_letters:
            continue
        starts_word = index == 0 or not role[index - 1].isalpha()
        usual = usual and character.isupper() == starts_word
        capitals |= bit if character.isupper() else 0
        bit <<= 1
    name = data if usual and data and data.lower() not in _DEVICES else f"{data}~{capitals:x}"
    if len(name) <= MAX_ROLE_NAME_CHARS:
        return name
    head = re.sub("%[0-9A-F]?$", "", data[:48])
    return f"{head}~~{hashlib.sha256(_utf8(role)).hexdigest()[:32]}"


def decode_role(name: str) -> str | None:
    """Return the role that `encode_role` gives this name; None if the name was cut, or is no such name."""
    data = name.partition("~")[0].encode("ascii", "replace")
    try:
        role = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), data).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return role if encode_role(role) == name else None


def _utf8(text: str) -> bytes:
    # Surrogates never pass validation, but naming a file must not fail on text from elsewhere.
    return text.encode("utf-8", "surrogatepass")
