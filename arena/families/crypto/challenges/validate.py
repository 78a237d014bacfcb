"""Check a challenge file: the fields of both formats and the checks of each field. All issues are returned, with
pointers.

schema.py uses this module. FIELDS names the same fields as src/crypto-challenges/challenges_v2.schema.json (a test
compares them). docs/challenges.md describes them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping

from arena.families.crypto.challenges.members.items import item_problems
from arena.families.crypto.challenges.parts import PARTS, Fields, fields_of_parts
from arena.families.crypto.challenges.role_ids import role_problem
from arena.formats.strict_json import IssueList, child, printable
from arena.records import Json

DIFFICULTIES = ("Basic", "Intermediate", "Advanced")
MIN_PARTICIPANTS, MAX_PARTICIPANTS = 2, 7
MAX_ID_CHARS = 100
MAX_ROLE_CHARS = 200
MAX_LABEL_CHARS = 64
MAX_LINE_CHARS = 200
MAX_TEXT_CHARS = 4000
MAX_ENTRIES = 20
RESERVED_ROLES = frozenset({"(judge)", "(setup)"})
"""Seat names that the harness uses itself (services.JUDGE_SEAT, SETUP_SEAT) for its own calls in the journal."""


ITEMS = "items"
"""Member of `judge`: the questions that a judge answers with yes or no."""


FIELDS: Mapping[str, Fields] = {
    "file": Fields(("benchmark_version", "challenges"), ("$schema", "format", "version", "created_at", "canary")),
    "challenge": Fields(
        (
            "id", "name", "difficulty", "split", "primitive_family", "domain", "participants", "self_play",
            "participant_context", "judge",
        ),
        ("op_families", "reference_play", *PARTS),
        ("split", "primitive_family", "domain", "op_families", "reference_play", *PARTS),
    ),
    "participant": Fields(("id", "display_name")),
    "self_play": Fields(("initiator_agent_id", "symmetry_breaker")),
    "participant_context": Fields(("public_background", "role_specific")),
    "role": Fields(("goals", "constraints", "private_info")),
    "judge": Fields(("target_primitives", "what_good_looks_like", "common_failures"), (ITEMS,), (ITEMS,)),
    **fields_of_parts(),
}  # fmt: skip

_ID = re.compile(r"[A-Za-z0-9._-]+")
# Texts that a data frame, without options, reads from a CSV file as a number or as a missing value.
_READ_AS_OTHER = re.compile(r"-?(\d+\.?\d*|\.\d+)(e-?\d+)?|-?(nan|inf|infinity)|na|null|none|true|false", re.IGNORECASE)
_LABEL = re.compile(r"[a-z][a-z0-9_]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REFERENCE_PLAY = re.compile(r"reference_plays/[A-Za-z0-9_-][A-Za-z0-9._-]*\.json")
_MAX_SHOWN_CHARS = 80
_CONTROL_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def similar(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` if a known name is close to `name`, otherwise an empty text."""
    if len(name) > MAX_ID_CHARS:
        return ""
    lowered = {k.lower(): k for k in known}
    matches = difflib.get_close_matches(name.lower(), lowered, n=1)
    return f" (did you mean {show(lowered[matches[0]])}?)" if matches else ""


def show(value: Json) -> str:
    """Return a JSON value as one short printable line for a message."""
    if isinstance(value, dict | list):
        return kind_of(value)
    if isinstance(value, str):
        value = value[:_MAX_SHOWN_CHARS] + ("..." if len(value) > _MAX_SHOWN_CHARS else "")
    return printable(json.dumps(value, ensure_ascii=False))


def kind_of(value: Json) -> str:
    """Return the type of a JSON value, in words."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return names[type(value)]


def format_of(top: Mapping[str, Json], issues: IssueList) -> int:
    """Return the format, 1 or 2: by the marker `format` (1, 2), or by an integer `version` in its place (2 and above
    mean 2).

    Without a marker it is 1. With one that cannot be read it is the stricter 2.
    """
    marks = []
    for name, highest in (("format", 2), ("version", None)):
        if name not in top:
            continue
        mark = top[name]
        if name == "version" and isinstance(mark, str):
            continue  # no marker, but a field that only format 1 tolerates: check_header reports it
        if type(mark) is int and 1 <= mark <= (highest or mark):
            marks.append(min(mark, 2))
            continue
        marks.append(2)
        wanted = "1 or 2, the formats that are read here" if highest else "a whole number from 1 on"
        issues.add(f"/{name}", f"expected {wanted}, found {show(mark)}")
    if len(set(marks)) == 2:
        issues.add("/version", "contradicts `format`; give one of the two")
    return max(marks, default=1)


class Check:
    """Checks of values at pointers.

    Problems that only format 2 refuses go to `soft`, which is `hard` in format 2.
    """

    def __init__(self, format_: int, hard: IssueList, soft: IssueList) -> None:
        self.format = format_
        self.hard = hard
        self.soft = soft

    def members(self, value: Json, pointer: str, kind: str, softly: Iterable[str] = ()) -> dict[str, Json]:
        """Return the known members of an object, and report a wrong type, missing and unknown members.

        `softly`: the members that format 1 may leave out.
        """
        if not isinstance(value, dict):
            self.hard.add(pointer, f"expected an object, found {kind_of(value)}")
            return {}
        fields = FIELDS[kind]
        late = fields.since_2 if self.format == 1 else ()
        known = [name for name in (*fields.required, *fields.optional) if name not in late]
        for name in fields.required:
            if name in known and name not in value:
                (self.soft if name in softly else self.hard).add(child(pointer, name), "is missing")
        for name in value:
            if name not in known:
                hint = similar(name, known) if not self.soft.full else ""
                self.soft.add(child(pointer, name), f"is not a field of format {self.format}{hint}")
        return {name: value[name] for name in known if name in value}

    def text(self, value: Json, pointer: str, max_chars: int = MAX_TEXT_CHARS, line: bool = False) -> bool:
        """Check for a text that is not blank, and return whether it is one. `line`: line breaks are forbidden."""
        if not isinstance(value, str):
            self.hard.add(pointer, f"expected a text, found {kind_of(value)}")
            return False
        if not value.strip():
            self.hard.add(pointer, "is empty")
            return False
        found = (_CONTROL_IN_LINE if line else _CONTROL_IN_TEXT).search(value)
        if found:
            what = "a line break or control character" if line else "a control character"
            self.hard.add(pointer, f"holds {what} (U+{ord(found.group()):04X}) at position {found.start() + 1}")
        if len(value) > max_chars:
            self.soft.add(pointer, f"has {len(value)} characters; at most {max_chars} are allowed")
        return not found

    def texts(self, value: Json, pointer: str) -> None:
        """Check for a list of 1 to MAX_ENTRIES texts."""
        if not isinstance(value, list):
            self.hard.add(pointer, f"expected a list of texts, found {kind_of(value)}")
            return
        if not value:
            self.soft.add(pointer, "is empty; give at least one entry")
        if len(value) > MAX_ENTRIES:
            self.soft.add(pointer, f"has {len(value)} entries; at most {MAX_ENTRIES} are allowed")
        for index, entry in enumerate(value):
            self.text(entry, child(pointer, index))

    def pattern(self, value: Json, pointer: str, pattern: re.Pattern[str], wanted: str) -> None:
        """Check for a short text that matches `pattern` as a whole; `wanted` explains the pattern."""
        if self.text(value, pointer, MAX_LINE_CHARS, line=True) and not pattern.fullmatch(value):
            self.hard.add(pointer, f"expected {wanted}, found {show(value)}")

    def label(self, value: Json, pointer: str) -> None:
        """Check for a label, such as a split: lower case letters, digits and underscores."""
        self.pattern(value, pointer, _LABEL, "lower case letters, digits and underscores, a letter first")
        if isinstance(value, str) and len(value) > MAX_LABEL_CHARS:
            self.hard.add(pointer, f"has {len(value)} characters; at most {MAX_LABEL_CHARS} are allowed")

    def labels(self, value: Json, pointer: str) -> None:
        """Check for a list of 1 to MAX_ENTRIES labels, each once."""
        if not isinstance(value, list):
            self.hard.add(pointer, f"expected a list of labels, found {kind_of(value)}")
            return
        if not 0 < len(value) <= MAX_ENTRIES:
            self.hard.add(pointer, f"has {len(value)} entries; 1 to {MAX_ENTRIES} are allowed")
        for index, entry in enumerate(value):
            self.label(entry, child(pointer, index))
            if entry in value[:index]:
                self.hard.add(child(pointer, index), f"{show(entry)} is in the list twice")


def check_header(check: Check, top: dict[str, Json]) -> None:
    """Check the members besides the challenges of a file that is an object."""
    members = check.members(top, "", "file", softly=("benchmark_version",))
    if "$schema" in members:
        check.text(members["$schema"], "/$schema", MAX_LINE_CHARS, line=True)
    if "benchmark_version" in members:
        check.pattern(members["benchmark_version"], "/benchmark_version", _ID, "letters, digits, `.`, `_` and `-`")
    if "created_at" in members:
        if check.format == 1:
            check.text(members["created_at"], "/created_at", MAX_LINE_CHARS, line=True)
        else:
            check.pattern(members["created_at"], "/created_at", _DATE, "a date such as 2026-11-20")
    if isinstance(members.get("version"), str):
        check.soft.add("/version", "expected a whole number; the set's own name goes into `benchmark_version`")
    if "canary" in members:
        check.text(members["canary"], "/canary")


def check_challenges(check: Check, value: Json, root: str) -> None:
    """Check the list of challenges at the pointer `root`."""
    if not isinstance(value, list):
        check.hard.add(root, f"expected a list of challenges, found {kind_of(value)}")
        return
    if not value:
        check.hard.add(root, "is empty: a challenge file needs at least one challenge")
    first: dict[str, tuple[str, int]] = {}
    for index, challenge in enumerate(value):
        pointer = child(root, index)
        _check_challenge(check, challenge, pointer)
        if check.hard.full:
            check.hard.add(root, "was not checked further")  # so that the list shows that it was cut
            return
        name = challenge.get("id") if isinstance(challenge, dict) else None
        if not isinstance(name, str):
            continue
        earlier, place = first.setdefault(name.lower(), (name, index))
        if place != index:
            how = "is also the id" if earlier == name else f"differs only in case from {show(earlier)}, the id"
            check.hard.add(f"{pointer}/id", f"{how} of challenge {place}; ids name folders, so each occurs once")


def _check_challenge(check: Check, value: Json, pointer: str) -> None:
    members = check.members(value, pointer, "challenge")
    if "id" in members:
        _check_id(check, members["id"], f"{pointer}/id")
    if "name" in members:
        check.text(members["name"], f"{pointer}/name", MAX_LINE_CHARS, line=True)
    if "difficulty" in members and members["difficulty"] not in DIFFICULTIES:
        wanted = ", ".join(DIFFICULTIES)
        check.hard.add(f"{pointer}/difficulty", f"expected one of {wanted}, found {show(members['difficulty'])}")
    for name in ("split", "primitive_family", "domain"):
        if name in members:
            check.label(members[name], f"{pointer}/{name}")
    if "reference_play" in members:
        wanted = "a file such as reference_plays/some-id.json"
        check.pattern(members["reference_play"], f"{pointer}/reference_play", _REFERENCE_PLAY, wanted)
    if "op_families" in members:
        check.labels(members["op_families"], f"{pointer}/op_families")
    roles = None
    if "participants" in members:
        roles = _check_participants(check, members["participants"], f"{pointer}/participants")
    if "self_play" in members:
        _check_self_play(check, members["self_play"], f"{pointer}/self_play", roles)
    if "participant_context" in members:
        _check_context(check, members["participant_context"], f"{pointer}/participant_context", roles)
    for name, problems_of in PARTS.items():
        if name in members:
            for place, problem in problems_of(members, pointer, roles):
                check.hard.add(place, problem)
    if "judge" in members:
        judge = check.members(members["judge"], f"{pointer}/judge", "judge")
        for name, entries in judge.items():
            if name != ITEMS:
                check.texts(entries, f"{pointer}/judge/{name}")
        if ITEMS in judge:
            for place, problem in item_problems(judge[ITEMS], f"{pointer}/judge/{ITEMS}"):
                check.hard.add(place, problem)


def _check_id(check: Check, value: Json, pointer: str) -> None:
    if not check.text(value, pointer, line=True):
        return
    if not _ID.fullmatch(value):
        check.hard.add(pointer, f"expected only letters, digits, `.`, `_` and `-`, found {show(value)}")
    if _READ_AS_OTHER.fullmatch(value):
        check.soft.add(pointer, f"reads as a number or a missing value in a table, found {show(value)}")
    if value.startswith(".") or ".." in value:
        check.hard.add(pointer, f"must not start with `.` nor hold `..` (it names a folder), found {show(value)}")
    if len(value) > MAX_ID_CHARS:
        check.hard.add(pointer, f"has {len(value)} characters; at most {MAX_ID_CHARS} are allowed")


def _check_participants(check: Check, value: Json, pointer: str) -> list[str] | None:
    """Return the role ids; None if they are so malformed that references to them cannot be checked."""
    if not isinstance(value, list):
        check.hard.add(pointer, f"expected a list of participants, found {kind_of(value)}")
        return None
    if not MIN_PARTICIPANTS <= len(value) <= MAX_PARTICIPANTS:
        wanted = f"{MIN_PARTICIPANTS} to {MAX_PARTICIPANTS}"
        check.hard.add(pointer, f"has {len(value)} participants; a match is played by {wanted}")
        value = value[: MAX_PARTICIPANTS + 1]
    roles: list[str] = []
    for index, participant in enumerate(value):
        place = child(pointer, index)
        members = check.members(participant, place, "participant", softly=("display_name",))
        if "display_name" in members:
            check.text(members["display_name"], f"{place}/display_name", MAX_LINE_CHARS, line=True)
        if "id" not in members or not check.text(members["id"], f"{place}/id", MAX_ROLE_CHARS, line=True):
            continue
        role = members["id"]
        if role in roles:
            check.hard.add(f"{place}/id", f"{show(role)} is already the id of participant {roles.index(role)}")
        elif role in RESERVED_ROLES:
            check.hard.add(f"{place}/id", f"{show(role)} is a name that the harness uses itself; choose another")
        elif problem := role_problem(role, roles):
            check.hard.add(f"{place}/id", f"{show(role)} {problem}")
        roles.append(role)
    return roles if len(roles) == len(value) <= MAX_PARTICIPANTS else None


def _check_self_play(check: Check, value: Json, pointer: str, roles: list[str] | None) -> None:
    members = check.members(value, pointer, "self_play")
    if "symmetry_breaker" in members:
        check.text(members["symmetry_breaker"], f"{pointer}/symmetry_breaker")
    if "initiator_agent_id" not in members:
        return
    initiator, place = members["initiator_agent_id"], f"{pointer}/initiator_agent_id"
    if check.text(initiator, place, MAX_ROLE_CHARS, line=True) and roles is not None and initiator not in roles:
        known = ", ".join(map(show, roles))
        check.hard.add(place, f"{show(initiator)} is not a participant{similar(initiator, roles)}; these are {known}")


def _check_context(check: Check, value: Json, pointer: str, roles: list[str] | None) -> None:
    members = check.members(value, pointer, "participant_context")
    if "public_background" in members:
        check.text(members["public_background"], f"{pointer}/public_background")
    if "role_specific" not in members:
        return
    specific, place = members["role_specific"], f"{pointer}/role_specific"
    if not isinstance(specific, dict):
        check.hard.add(place, f"expected an object with one member per participant, found {kind_of(specific)}")
        return
    for role, own in specific.items():
        here = child(place, role)
        if roles is not None and role not in roles:
            hint = similar(role, roles) if not check.hard.full else ""
            check.hard.add(here, f"is not a participant{hint}")
        for name, entries in check.members(own, here, "role").items():
            check.texts(entries, f"{here}/{name}")
    for role in roles or ():
        if role not in specific:
            check.soft.add(child(place, role), "is missing: every participant needs its own goals")
