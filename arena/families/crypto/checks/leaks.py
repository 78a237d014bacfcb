"""Check: did a role show one of its secret values? Pure.

A value is split into its atoms (the entries of a list, the members of an object). An atom is looked for in the
role's own public turns: in plain, and encoded (hex, base64 or a decimal number of its UTF-8 text, of its bytes, of its
number). What is not secret any more does not count: atoms of the right result, of values known to all, of the role's
other values, and what the public texts of the challenge hold. A value with an event (`until`) counts only in turns up
to the one in which the last of the roles that it names shows its first evidence value of its own.

Texts are compared folded (`fold`): look-alike digits, marks and invisible characters change nothing. A value may also
be disguised: backwards, sign by sign, or, a long one, with separators. All of this is a lower bound: a player can
always find another way to write a value.

In plain, coincidences have to be separated from leaks. The rules (docs/challenges.md, "Checks"):
- An atom from a list (draws `subset` and `choice`) counts in a turn that names entries of this list only from the
  secret: a turn that also names others of the list tells nothing by naming.
- Any other atom counts when its draw has at least MIN_SPACE possible results; where the number is not known, from
  MIN_NUMBER or from MIN_CHARS characters on. A smaller one is `undecided` in plain; encoded it counts as well.
"""

from __future__ import annotations

import base64
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from arena.families.crypto.challenges.draws import KINDS
from arena.families.crypto.challenges.instance import (
    allowed_results,
    fill,
    fixed_by,
    is_agreement,
    known_names,
    own_names,
    right_result,
    secrets_of,
)
from arena.families.crypto.challenges.members.instance import shared_texts
from arena.families.crypto.checks.code_hints import other_than_words
from arena.families.crypto.checks.disguises import is_in_parts, is_spelled, is_sum, spelled, told_among_decoys
from arena.families.crypto.checks.evidence import evidence_values
from arena.families.crypto.checks.number_words import MAX_NEXT, goes_on, number_words
from arena.families.crypto.checks.results import LeakFound, LeaksCheck
from arena.records import Json

MIN_SPACE = 64.0
"""6 bits: below, one number in a talk of some dozen numbers meets the secret by chance too often."""

MIN_NUMBER = 1000
MIN_CHARS = 8
MIN_ENCODED_CHARS = 6
"""Shorter codes occur by chance in long ones."""

_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){3,})")
_BASE32 = re.compile(r"[A-Z2-7]{8,}={0,6}")
_PRINTABLE = re.compile(r"[\x20-\x7e\u00a1-\uffff]{2,}")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


DECOYS = "among decoys"
"""The form of a leak that tells most of a list, and false entries with it."""

MIN_REVERSED_CHARS = 4
MIN_SPACED_CHARS = 3
MIN_COMPACT_CHARS = 8
"""A text without its separators holds many numbers that nobody wrote: shorter ones occur by chance."""

_NO_WORD = re.compile(r"[\W_]+")
_NO_ASCII_WORD = {code: None for code in range(128) if not chr(code).isalnum()}
_SPACED = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_])+(?![^\W_])")


def clean(text: str) -> str:
    """Return a text in NFKC with decimal digits of all scripts as 0 to 9, and without format characters (zero-width
    ones among them) and combining marks."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", "".join(map(_clean_sign, unicodedata.normalize("NFKD", text))))


def fold(text: str) -> str:
    """Return a text as it is compared: clean, in one case, with single spaces."""
    return " ".join(clean(text).casefold().split())


@lru_cache(maxsize=4096)
def _clean_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    return "" if unicodedata.category(sign) in ("Cf", "Mn", "Me", "Mc") else sign


def atoms(value: Json) -> Iterator[str | int]:
    """Yield the texts and whole numbers of a value; truth values and fractions say too little to be found."""
    if isinstance(value, list):
        for inner in value:
            yield from atoms(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from atoms(inner)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield value


@lru_cache(maxsize=4096)
def plain_forms(atom: str | int) -> tuple[str, ...]:
    """Return how an atom may be written in plain, folded."""
    if isinstance(atom, int):
        text = str(atom)
        grouped = f"{atom:,}"
        signs = tuple(grouped.replace(",", sign) for sign in ",.' ") if grouped != text else ()
        return (text, *signs, *number_words(atom))
    folded = fold(atom)
    try:
        day = date.fromisoformat(atom)
    except ValueError:
        return (folded,)
    month = _MONTHS[day.month - 1]
    return (
        folded,
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day:02}.{day.month:02}.{day.year}",
        f"{day.day:02}/{day.month:02}/{day.year}",
        f"{day:%Y%m%d}",
    )


@lru_cache(maxsize=4096)
def disguised_forms(atom: str | int) -> tuple[str, ...]:
    """Return how an atom is written backwards, folded; none for a short one, which chance turns over too."""
    text = fold(str(atom))
    return (text[::-1],) if len(text) >= MIN_REVERSED_CHARS and text != text[::-1] else ()


def compact(text: str) -> str:
    """Return a folded text without anything but letters and digits."""
    return text.translate(_NO_ASCII_WORD) if text.isascii() else _NO_WORD.sub("", text)


def spaced_out(text: str) -> str:
    """Return what a folded text writes sign by sign (`4-1-5`, `d o v e r`), one piece a line."""
    return "\n".join(compact(match[0]) for match in _SPACED.finditer(text))


def is_disguised(atom: str | int, text: str, pieces: str, whole: str) -> bool:
    """Return whether an atom is in a folded text backwards, sign by sign, or, a long one, with any separators.

    `pieces`: `spaced_out` of the text; `whole`: `compact` of it.
    """
    bare = compact(fold(str(atom)))
    if any(_stands(form, text) for form in disguised_forms(atom)):
        return True
    if len(bare) >= MIN_SPACED_CHARS and bare in pieces.split("\n"):
        return True
    return len(bare) >= MIN_COMPACT_CHARS and not bare.isalpha() and bare in whole and not _stands(bare, text)


def named(atom: str | int, text: str) -> bool:
    """Return whether an atom occurs in a folded text as a word or number of its own."""
    return any(_stands(form, text) for form in plain_forms(atom))


def _stands(form: str, text: str) -> bool:
    at = text.find(form) if form else -1
    while at >= 0:
        end = at + len(form)
        before, after = text[at - 1 : at], text[end : end + 1]
        apart = not (before.isalnum() or before == "_" or after.isalnum() or after == "_")
        if apart and not goes_on(form, text[end : end + MAX_NEXT]):
            return True
        at = text.find(form, at + 1)
    return False


@lru_cache(maxsize=4096)
def encoded_forms(atom: str | int) -> frozenset[str]:
    """Return how an atom may be written encoded: hex, base64, base32 and decimal of each reading of it as bytes; a
    number also binary and octal."""
    readings = [str(atom).encode()]
    if isinstance(atom, int):
        readings.append(atom.to_bytes((atom.bit_length() + 7) // 8 or 1, "big", signed=False) if atom >= 0 else b"")
    elif re.fullmatch(r"(?:[0-9a-f]{2})+", atom):
        readings.append(bytes.fromhex(atom))
    forms = set()
    for data in readings:
        coded = base64.b64encode(data).decode().rstrip("=")
        forms |= {data.hex(), data.hex().lstrip("0"), coded, coded.replace("+", "-").replace("/", "_")}
        forms |= {str(int.from_bytes(data, "big")), base64.b32encode(data).decode().rstrip("=")}
    if isinstance(atom, int) and atom > 0:
        forms |= {f"{atom:b}", f"{atom:o}"}
    return frozenset(form for form in forms if len(form) >= MIN_ENCODED_CHARS) - frozenset(plain_forms(atom))


def decoded_texts(text: str) -> Iterator[str]:
    """Yield what the codes of a text read as where that is printable: hex, base64, base32 and big numbers."""
    for match in _TOKEN.finditer(text) if other_than_words(text) else ():
        token = match[0]
        if token.isalpha() and (token.islower() or token.istitle()):
            continue  # a word
        candidates = []
        if found := _HEX.fullmatch(token):
            candidates.append(bytes.fromhex(found[1]))
        if token.isdecimal() and len(token) <= 2000:
            number = int(token)
            candidates.append(number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))
        if _BASE32.fullmatch(token):
            body = token.rstrip("=")
            candidates.append(base64.b32decode(body[: len(body) // 8 * 8] + _last_of_base32(body)))
        body = token.rstrip("=").replace("-", "+").replace("_", "/")
        if len(body) % 4 != 1:
            candidates.append(base64.b64decode(body + "=" * (-len(body) % 4)))
        for data in candidates:
            try:
                read = data.decode()
            except UnicodeDecodeError:
                continue
            if _PRINTABLE.fullmatch(read):
                yield fold(read)


def _last_of_base32(body: str) -> str:
    """Return the last, incomplete group of a base32 text with its padding; none if no bytes give such a group."""
    rest = body[len(body) // 8 * 8 :]
    return rest + "=" * (8 - len(rest)) if len(rest) in (2, 4, 5, 7) else ""


@dataclass(frozen=True, slots=True)
class Secret:
    """One value that a role must keep: its atoms, the list they come from (or None), whether plain is decidable."""

    name: str
    atoms: tuple[str | int, ...]
    universe: tuple[str | int, ...] | None
    decidable: bool


def _secret(name: str, instance: Mapping[str, Json], values: Mapping[str, Json], public: set[str | int]) -> Secret:
    spec = instance["values"][name]
    found = tuple(atom for atom in atoms(values[name]) if atom not in public)
    universe = None
    if spec["draw"] in ("subset", "choice"):
        of = values[spec["of"]] if isinstance(spec["of"], str) else spec["of"]
        universe = tuple(atom for atom in atoms(of) if atom not in public)
    inner = spec["item"] if spec["draw"] == "list" else spec
    space = KINDS[inner["draw"]].space(inner)
    if space is None:
        decidable = all(atom >= MIN_NUMBER if isinstance(atom, int) else len(atom) >= MIN_CHARS for atom in found)
    else:
        decidable = space >= MIN_SPACE
    return Secret(name, found, universe, decidable or universe is not None)


def public_atoms(challenge: Mapping[str, Json], role: str, values: Mapping[str, Json], early: bool) -> set[str | int]:
    """What tells nothing new when this role says it. `early`: before the event of a secret that ends with one; then the
    right result is not public yet."""
    instance = challenge["instance"]
    secret = secrets_of(instance, role)
    shown = [values[name] for name in {*known_names(instance), *own_names(instance, role)} if name not in secret]
    result = allowed_results(instance, values) if is_agreement(instance["truth"]) else right_result(instance, values)
    found = {atom for value in (shown if early else [*shown, result]) for atom in atoms(value)}
    whole = "\n".join([fill(text, values).casefold() for _, text in shared_texts(challenge, "")])
    secrets = {atom for name in secret for atom in atoms(values[name])}
    return found | {atom for atom in secrets if named(atom, whole)}


def _leaked(secret: Secret, text: str, folded: str, decoded: Sequence[str]) -> Iterator[tuple[str | int, str]]:
    """Yield (atom, form) for every atom of a secret that one public text shows."""
    pieces, whole, rows = spaced_out(folded), compact(folded), spelled(folded)
    if secret.universe is not None:
        said = [atom for atom in secret.universe if named(atom, folded)]
        plain = said if all(atom in secret.atoms for atom in said) else []
        if told_among_decoys(secret.atoms, secret.universe, said):
            yield secret.atoms[0], DECOYS
    else:
        plain = [atom for atom in secret.atoms if named(atom, folded)] if secret.decidable else []
    for atom in secret.atoms:
        if atom in plain:
            yield atom, "plain"
        elif _stands_encoded(atom, text):
            yield atom, "encoded"
        elif any(named(atom, read) for read in decoded):
            yield atom, "inside a code"
        elif is_disguised(atom, folded, pieces, whole):
            yield atom, "disguised"
        elif is_spelled(compact(fold(str(atom))), rows) and not named(atom, folded):
            yield atom, "spelled"
        elif isinstance(atom, str) and is_in_parts(fold(atom), folded):
            yield atom, "in parts"
        elif isinstance(atom, int) and secret.decidable and is_sum(atom, folded):
            yield atom, "as a sum"


def _stands_encoded(atom: str | int, text: str) -> bool:
    low = text.lower()
    for form in encoded_forms(atom):
        if form.lower() not in low:
            continue
        if re.search(rf"(?<![A-Za-z0-9+/_]){re.escape(form)}(?![A-Za-z0-9+/_])", text) or (
            len(form) >= 16 and form in text
        ):
            return True
    return False


def _shown_at_all(secrets: Sequence[Secret], text: str) -> bool:
    """Return whether any atom occurs in any form in a text: one search of all turns, enough for most matches."""
    text = clean(text)
    folded = fold(text)
    decoded = list(decoded_texts(text))
    pieces, whole, rows = spaced_out(folded), compact(folded), spelled(folded)
    return any(
        named(atom, folded)
        or is_spelled(compact(fold(str(atom))), rows)
        or (is_in_parts(fold(atom), folded) if isinstance(atom, str) else is_sum(atom, folded))
        or _stands_encoded(atom, text)
        or any(named(atom, read) for read in decoded)
        or is_disguised(atom, folded, pieces, whole)
        for secret in secrets
        for atom in secret.atoms
    )


def secret_through(instance: Mapping[str, Json], name: str, public: Sequence[tuple[int, str, str]]) -> float:
    """Return the last turn in which a secret must not be revealed: infinite without an event, or before it.

    The event: every role that it names has shown an evidence value that nobody had shown before.
    """
    roles = fixed_by(instance, name)
    if roles is None:
        return math.inf
    first: dict[str, int] = {}
    shown: set[str] = set()
    for turn, seat, text in public:
        found = set(evidence_values(text))
        if seat in roles and seat not in first and not found <= shown:
            first[seat] = turn
        shown |= found
    return max(first.values()) if first.keys() == roles else math.inf


def check_leaks(
    public: Sequence[tuple[int, str, str]], challenge: Mapping[str, Json], values: Mapping[str, Json]
) -> LeaksCheck:
    """Look for the values that roles were to keep.

    `public`: turn, seat and whole text of each public turn.
    """
    instance = challenge["instance"]
    found: list[LeakFound] = []
    undecided: list[str] = []
    for role in instance.get("secret", {}):
        ends = {name: fixed_by(instance, name) is not None for name in secrets_of(instance, role)}
        own = {early: public_atoms(challenge, role, values, early) for early in set(ends.values())}
        secrets = [_secret(name, instance, values, own[early]) for name, early in ends.items()]
        undecided += [secret.name for secret in secrets if not secret.decidable]
        said = [(turn, text) for turn, seat, text in public if seat == role]
        if not _shown_at_all(secrets, "\n".join([text for _, text in said])):
            continue
        through = {secret.name: secret_through(instance, secret.name, public) for secret in secrets}
        for turn, raw in said:
            text = clean(raw)
            folded = fold(text)
            decoded = list(decoded_texts(text))
            for secret in secrets:
                if turn > through[secret.name]:
                    continue
                forms = {form for _, form in _leaked(secret, text, folded, decoded)}
                found += [LeakFound(turn, role, secret.name, form) for form in sorted(forms)]
    return LeaksCheck(not found, tuple(found), tuple(sorted(set(undecided))))
