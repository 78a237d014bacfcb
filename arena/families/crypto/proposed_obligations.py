"""Proposes obligations of a challenge from matches in which the reference play solved it. Pure.

A proposal is what happened between the same roles in every one of the matches: who made and posted what, and who took
it up. The other ways that count the same (ALSO) are added to the way of the play. `arena challenges
obligations` prints proposals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from arena.families.crypto.challenges.instance import deciding_names
from arena.families.crypto.checks.links import Made, Provenance
from arena.families.crypto.checks.obligations import check_obligations, holds, match_of, tellable
from arena.families.crypto.checks.op_kinds import CONTINUES, DERIVES, RECOMPUTES
from arena.records import Json, Record

Pair = tuple[str, str]
"""A kind of value, and its use by another seat."""

PARTNERS: Mapping[str, tuple[str, ...]] = {
    "commits": ("opens",),
    "signs": ("verifies", "links"),
    "proves": ("verifies", "opens"),
    "seals": ("unseals", "combines", "verifies"),
    "shares": ("verifies", "combines"),
    "masks": ("answers", "matches"),
    "derives": ("combines", "continues"),
}
"""Kind of thing -> the uses for which it is made. Other uses are proposed only if there is none of these."""

ALSO: Mapping[Pair, tuple[Pair, ...]] = {
    ("commits", "opens"): (("seals", "unseals"), ("proves", "opens"), ("proves", "verifies")),
    ("signs", "verifies"): (("proves", "verifies"),),
    ("proves", "verifies"): (("signs", "verifies"), ("proves", "opens")),
    ("proves", "opens"): (("proves", "verifies"), ("signs", "verifies"), ("commits", "opens")),
    ("seals", "unseals"): (("shares", "combines"), ("seals", "combines")),
    ("seals", "combines"): (("shares", "combines"), ("masks", "combines"), ("masks", "matches")),
    ("shares", "verifies"): (("signs", "verifies"), ("proves", "verifies"), ("commits", "opens")),
    ("shares", "combines"): (("seals", "combines"), ("seals", "unseals"), ("derives", "combines")),
    ("masks", "answers"): (("masks", "matches"), ("seals", "combines")),
    ("masks", "matches"): (("masks", "combines"), ("seals", "unseals"), ("seals", "combines")),
    ("derives", "combines"): (("seals", "combines"), ("shares", "combines"), ("masks", "combines")),
    ("derives", "continues"): (("signs", "verifies"), ("commits", "opens")),
}
"""Pair -> others that do for a challenge what it does."""

MADE_WORDS = {
    "commits": ("fixes", "fix"), "signs": ("signs", "sign"), "proves": ("proves", "prove"),
    "seals": ("seals", "seal"), "shares": ("shares out", "share out"), "masks": ("masks", "mask"),
    "blurs": ("blurs", "blur"), "derives": ("works out", "work out"),
    "given": ("shows", "show"),
}  # fmt: skip
"""Kind of thing -> what one role does, what several do."""

USED_WORDS = {
    "opens": ("opens {}", "open {}"), "verifies": ("verifies {}", "verify {}"), "unseals": ("unseals {}", "unseal {}"),
    "combines": ("puts {} together", "put {} together"), "answers": ("answers {}", "answer {}"),
    "matches": ("matches {}", "match {}"), "links": ("links {}", "link {}"),
    "recomputes": ("works {} out again", "work {} out again"),
    "continues": ("builds on {}", "build on {}"),
    "compares": ("compares {} with its own", "compare {} with their own"),
}  # fmt: skip


def proposed(challenge: Mapping[str, Json], records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return obligations that every one of the matches meets; `records` are matches of the reference play."""
    found = _grouped(challenge, records) or _posted(challenge, records)
    kept = [one for one in found if not _is_means(one)] or found
    listed = [{"id": f"step_{number}", "says": _in_words(one), **one} for number, one in enumerate(kept, 1)]
    return [one for one in listed if _met(challenge, records, one)]


def _is_means(obligation: Mapping[str, Json]) -> bool:
    """Return whether an obligation is only a means to another one.

    It is for a derived value, and for a seal that contains no value and that not everybody opens.
    """
    way = obligation["any"][0]
    if way["made"] == DERIVES:
        return True
    return way.get("used") == "unseals" and not any(obligation["of"].values()) and not obligation.get("every")


def _met(challenge: Mapping[str, Json], records: Sequence[Record], obligation: Mapping[str, Json]) -> bool:
    trial = {**challenge, "obligations": [obligation]}
    checks = [check_obligations(one.transcript.entries, trial, one.transcript.instance) for one in records]
    return all(check is not None and check.ok for check in checks)


def _grouped(challenge: Mapping[str, Json], records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return an obligation for each pair and maker, those of several makers in one where everybody takes up the others'
    things."""
    always = sorted(set.intersection(*({(link.made.seat, link.made.kind, link.seat, link.used)
                    for link in _match(challenge, record).found.links} for record in records)))  # fmt: skip
    pairs: dict[Pair, dict[str, set[str]]] = {}
    for maker, made, taker, used in _wanted(always):
        pairs.setdefault((made, used), {}).setdefault(maker, set()).add(taker)
    found = []
    for pair, makers in pairs.items():
        # What the play does besides is no other way to do it.
        others = [other for other in ALSO.get(pair, ()) if other not in pairs]
        everybody = set().union(*makers.values())
        parts = [makers] if all(takers == everybody - {maker} for maker, takers in makers.items()) else [
            {maker: takers} for maker, takers in makers.items()
        ]  # fmt: skip
        found += [_obligation(challenge, records, [pair, *others], part) for part in parts]
    return found


def _wanted(always: Sequence[tuple[str, str, str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the links that matter: those for which their kind is made; recomputed values only
    where there is nothing else between any roles."""
    strong = [link for link in always if link[3] in PARTNERS.get(link[1], ())]
    others = [
        link for link in always
        if link[1] != DERIVES and link[3] not in (RECOMPUTES, CONTINUES)
        and not any(one[:3] == link[:3] for one in strong)
    ]  # fmt: skip
    if strong and all(link[3] == CONTINUES for link in strong):
        strong += [link for link in always if link[3] == RECOMPUTES]
    yield from strong or others or always


def _obligation(
    challenge: Mapping[str, Json], records: Sequence[Record], pairs: Sequence[Pair], makers: Mapping[str, set[str]]
) -> dict[str, Any]:
    """Return the obligation of some makers. `pairs`: the way that the plays went, then others that count."""
    pair = pairs[0]
    made, _ = pair
    ways = [{"made": one, "used": other} for one, other in pairs]
    order = [participant["id"] for participant in challenge["participants"]]
    takers = set().union(*makers.values())
    found: dict[str, Any] = {
        "of": {maker: _held(challenge, records, maker, pair) for maker in order if maker in makers},
        "by": [role for role in order if role in takers],
        "any": ways,
    }
    if made == "commits":
        if not any(found["of"].values()):
            found = _if_met(challenge, records, {**found, "fresh": True}, found)
        for name in sorted(deciding_names(challenge["instance"]) & _told(challenge, records)):
            told = [*found.get("before_told", ()), name]
            found = _if_met(challenge, records, {**found, "before_told": told}, found)
    return _if_met(challenge, records, {**found, "every": True}, found)


def _if_met(
    challenge: Mapping[str, Json], records: Sequence[Record], better: dict[str, Any], found: dict[str, Any]
) -> dict[str, Any]:
    return better if _met(challenge, records, {"id": "one", "says": "x", **better}) else found


def _match(challenge: Mapping[str, Json], record: Record, watched: Iterable[str] = ()) -> Any:
    listed = [{"before_told": list(watched)}]
    return match_of(record.transcript.entries, challenge, record.transcript.instance or {}, listed)


def _told(challenge: Mapping[str, Json], records: Sequence[Record]) -> set[str]:
    """Return the values that are revealed in every match, beyond coincidence."""
    specs = challenge["instance"]["values"]
    names = [name for name, spec in specs.items() if tellable(spec)]
    return set.intersection(*(set(_match(challenge, record, names).told) for record in records))


def _held(
    challenge: Mapping[str, Json], records: Sequence[Record], maker: str, pair: tuple[str, str | None]
) -> list[str]:
    """Return the values of the maker that one and the same posted thing holds in every match: deciding ones, or else
    secret ones. `pair`: the thing's kind, and the use that somebody made of it (None: it was posted)."""
    kind, used = pair
    instance = challenge["instance"]
    specs = instance["values"]
    own = [name for name in instance["own"].get(maker, ()) if tellable(specs[name])]

    def in_one(record: Record, names: Sequence[str]) -> bool:
        values = record.transcript.instance or {}
        found: Provenance = _match(challenge, record).found
        things: Iterable[Made] = found.made if used is None else (one.made for one in found.links if one.used == used)
        return any(
            one.seat == maker and one.kind == kind and one.posted and all(holds(one.args, values[n]) for n in names)
            for one in things
        )

    held: list[str] = []
    for wanted in (deciding_names(instance), instance.get("secret", {}).get(maker, ())):
        for name in own:
            if name in wanted and all(in_one(record, [*held, name]) for record in records):
                held.append(name)
        if held:
            break
    return held


def _posted(challenge: Mapping[str, Json], records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return an obligation for each kind of thing that a role posts in every match, where nobody takes anything up."""
    always = sorted(set.intersection(*({(one.seat, one.kind) for one in _match(challenge, record).found.made
                    if one.posted and one.kind not in (DERIVES, "draws")} for record in records)))  # fmt: skip
    return [
        {"of": {maker: _held(challenge, records, maker, (made, None))}, "any": [{"made": made}]}
        for maker, made in always
    ]


def _in_words(obligation: Mapping[str, Any]) -> str:
    """Return an obligation as a sentence, from its first way."""
    way, makers = obligation["any"][0], list(obligation["of"])
    several = len(makers) > 1
    names = list(dict.fromkeys(name for held in obligation["of"].values() for name in held))
    what = _listed([name.replace("_", " ") for name in names]) or ("their parts" if several else "its part")
    text = f"{_listed(makers)} {'each ' if several else ''}{MADE_WORDS[way['made']][several]} {what}"
    if obligation.get("fresh"):
        text += " with a random value of their own in it" if several else " with a random value of its own in it"
    if obligation.get("before_told"):
        text += f", before anybody tells {_listed([name.replace('_', ' ') for name in obligation['before_told']])}"
    if "used" in way:
        takers = obligation["by"]
        it = "what the others posted" if several else "it"
        it = f"all of {it}" if obligation.get("every") else it
        text += f"; {_listed(takers)} {USED_WORDS[way['used']][len(takers) > 1].format(it)}"
    return f"{text}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
