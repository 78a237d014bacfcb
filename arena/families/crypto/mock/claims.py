"""The own values that a mock player may say, and the results that it can really know. Pure.

A seat reads its values and the wanted result from the prompt (`Your values (JSON):`). The rules are few and cautious: a
result is claimed only if one rule gives all of it from what was said in public. Otherwise the functions return None,
which the seat declares as `{"done": {"result": null}}`. docs/mock-models.md gives every rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from arena.families.crypto.mock.scene import Brief, Scene, draw, put
from arena.records import Json

NO_VALUE = "nothing"
"""Placeholder in a public text if a seat has no value to give."""

HIDDEN_WORDS = frozenset({
    "code", "key", "secret", "slip", "password", "passphrase", "pin", "word", "words", "letter", "letters", "page",
    "seed", "phrase", "token"
})  # fmt: skip
"""A value with one of these words in its name is never said, even if the result asks for it."""

WORKED_OUT_WORDS = frozenset({
    "after", "afterwards", "left", "remaining", "differ", "differs", "difference", "total", "sum", "together",
    "average", "shown", "proved", "proven", "reached", "true", "whether", "how", "cheapest", "lowest", "highest",
    "most", "least", "who", "both", "all"
})  # fmt: skip
"""A result whose description contains one of these words is more than a value of one seat."""

_NEGATIVE = frozenset({"never", "not", "nobody", "neither", "nor", "no", "none", "only", "secret", "keep"})
_ONCE_FIXED = frozenset({"before", "after", "once", "until"})
_OF_OFFERS = frozenset({"bid", "bids", "offer", "offers", "amount", "figure", "number", "value", "quote"})
_SUMS = re.compile(r"\b(total|sum|together)\b")
_APART = re.compile(r"\b(differs?|difference|apart)\b")
_COMMON = re.compile(r"\b(both|common|shared?|all)\b")
_NOT_COMMON = re.compile(r"\b(not|without|neither|missing|only|either)\b")
_COVERS = re.compile(r"\bwhether ([0-9][0-9,]*) (?:\w+ )?covers?\b")
_HEAD = re.compile(
    r"(?:the )?(?:(?:number|name|time|date|amount|place) of the )?([\w' -]+?)"
    r"(?= (?:that|which|in|on|of|by|from|for|as|at|to|when|who|where)\b|[,:]|$)"
)
_WORD = re.compile(r"[a-z0-9]+")


def role_words(role: str) -> frozenset[str]:
    """Return the words of a role id: `CheeseStall` and `Cheese Stall` have the words cheese and stall."""
    return frozenset(word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", role))


def may_say(brief: Brief, words: frozenset[str], fixed: bool) -> bool:
    """Return whether the seat's constraints and private lines allow it to say a value that these words name.

    A sentence forbids it if it contains one of the words and a word such as never or only. `fixed`: the value is opened
    after all have fixed theirs, so a sentence with before, after, once or until is already obeyed.
    """
    if words & HIDDEN_WORDS:
        return False
    for line in brief.rules:
        for sentence in re.split(r"(?<=[.;:!?]) ", line.lower()):
            found = frozenset(_WORD.findall(sentence.replace("'s", " ")))
            if found & words and found & _NEGATIVE and not (fixed and found & _ONCE_FIXED):
                return False
    return True


def asked_values(brief: Brief, fixed: bool) -> dict[str, Json]:
    """Return member -> own value, for each member of the result that is a value of this seat which it may say."""
    if frozenset(_WORD.findall(brief.asks.lower())) & WORKED_OUT_WORDS:
        return {}
    found: dict[str, Json] = {}
    for member, kind in brief.kinds.items():
        name = _holder(brief, member)
        if name is None or not _fits(brief.values[name], kind):
            continue
        words = frozenset(name.split("_")) | ({"number"} if "number" in brief.asks else set())
        if may_say(brief, words, fixed):
            found[member] = brief.values[name]
    return found


def _holder(brief: Brief, member: str) -> str | None:
    """Return the name of the own value that the result asks for; None if it asks for none."""
    if not member:
        head = _HEAD.match(brief.asks.lower())
        member = head[1].split()[-1] if head is not None and head[1].split() else ""
    return member if member in brief.values else None


def _fits(value: Json, kind: str) -> bool:
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return kind == "text" and isinstance(value, str) and "]" not in value and "\n" not in value


def say_asked(found: Mapping[str, Json]) -> str:
    """Return the sentence that gives the others the values found by `asked_values`; empty if there are none."""
    if not found:
        return ""
    parts = [put(f"my {member or 'answer'}", value) for member, value in found.items()]
    return f" Of what we have to name I hold this: {', '.join(parts)}."


def named(scene: Scene) -> Json:
    """Return the whole result if every member was named in public without contradiction, else None."""
    kinds = scene.brief.kinds
    out: dict[str, Json] = {}
    for member, kind in kinds.items():
        said = set(scene.values(f"my {member or 'answer'}").values())
        if len(said) != 1:
            return None
        text = said.pop()
        if kind == "int" and not re.fullmatch(r"-?[0-9]{1,18}", text):
            return None
        out[member] = int(text) if kind == "int" else text
    return out.get("", out) if out else None


def own_number(brief: Brief) -> tuple[str, int] | None:
    """Return the seat's part of a joint question: its one whole number whose name ends in its role, and what it counts.

    `tips_mira` is Mira's number of the kind `tips`. None if there is no such value or more than one.
    """
    mine = role_words(brief.me)
    found = [
        (name.rpartition("_")[0], value)
        for name, value in brief.values.items()
        if name.rpartition("_")[2] in mine and isinstance(value, int) and not isinstance(value, bool) and value >= 0
    ]
    return found[0] if len(found) == 1 and found[0][0] else None


def own_list(brief: Brief) -> list[str] | None:
    """Return the seat's list: its one value that is a list of texts or numbers, or the one named after its role."""
    mine = role_words(brief.me)
    lists = {
        name: value
        for name, value in brief.values.items()
        if isinstance(value, list) and all(isinstance(item, str | int) for item in value)
    }
    own = {name: value for name, value in lists.items() if name.rpartition("_")[2] in mine}
    found = list((own if len(own) == 1 else lists).values())
    return [str(item) for item in found[0]] if len(found) == 1 else None


def bid_is_open(brief: Brief, name: str) -> bool:
    """Return whether the seat may open its offer once all offers are fixed."""
    return may_say(brief, frozenset(name.split("_")) | _OF_OFFERS, fixed=True)


def total_result(brief: Brief, total: int) -> Json:
    """Return the result if it is the sum of the seats' numbers; else None.

    It is the total, or an object with the total and whether it reaches an amount that the result names.
    """
    asks = brief.asks.lower()
    if not _SUMS.search(asks):
        return None
    if _is_number(brief):
        return total
    limit = _COVERS.search(asks)
    if limit is None or sorted(brief.kinds.values()) != ["bool", "int"]:
        return None
    enough = total <= int(limit[1].replace(",", ""))
    return {member: total if kind == "int" else enough for member, kind in brief.kinds.items()}


def wants_difference(brief: Brief) -> bool:
    """Return whether the result is one number: the distance of two numbers."""
    return _is_number(brief) and bool(_APART.search(brief.asks.lower()))


def asks_for_sum(brief: Brief) -> bool:
    """Return whether a total or a difference is part of the result."""
    asks = brief.asks.lower()
    return "int" in brief.kinds.values() and bool(_SUMS.search(asks) or _APART.search(asks))


def _is_number(brief: Brief) -> bool:
    return list(brief.kinds.values()) in (["int"], ["number"]) and "" in brief.kinds


def wants_common(brief: Brief) -> bool:
    """Return whether the result is the intersection of all lists."""
    asks = brief.asks.lower()
    return list(brief.kinds.values()) == ["set"] and bool(_COMMON.search(asks)) and not _NOT_COMMON.search(asks)


def wants_count(brief: Brief) -> bool:
    """Return whether the result is the number of entries that all lists share."""
    asks = brief.asks.lower()
    return _is_number(brief) and "how many" in asks and bool(_COMMON.search(asks)) and not _NOT_COMMON.search(asks)


def weights(brief: Brief, names: Sequence[str]) -> list[int] | None:
    """Return role -> its chances, from known numbers `WORD_ROLE`, one for every role; None if there are none."""
    kinds = {name.rpartition("_")[0] for name in brief.values} - {""}
    for kind in sorted(kinds):
        found: list[int] = []
        for role in names:
            value = brief.values.get(f"{kind}_{'_'.join(re.findall('[A-Z]?[a-z]+|[0-9]+', role)).lower()}")
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                found.append(value)
        if len(found) == len(names) and sum(found) > 0:
            return found
    return None


def drawn(scene: Scene, mixed: int) -> tuple[str, Json]:
    """Return the outcome of a draw in words, and the result.

    `mixed`: the number that all made together. If the result is one role, a role is drawn. If it is a list for which
    every seat named one entry, its order is drawn.
    """
    names = scene.everyone
    kinds = list(scene.brief.kinds.values())
    entries = scene.values("my entry")
    if kinds == ["list"]:
        if set(entries) != set(names) or NO_VALUE in entries.values():
            return "it orders nothing, since not everybody named an entry", None
        left, order = [entries[name] for name in names], []
        while left:
            mixed, place = divmod(mixed, len(left))
            order.append(left.pop(place))
        return f"counting out the entries one by one gives {', '.join(order)}", [_plain(entry) for entry in order]
    chances = weights(scene.brief, names) or [1] * len(names)
    ticket = mixed % sum(chances)
    place = next(i for i in range(len(names)) if ticket < sum(chances[: i + 1]))
    told = ", ".join(f"{name} {chance}" for name, chance in zip(names, chances, strict=True))
    text = f"counting that out over the chances ({told}) it falls on {names[place]}"
    if not scene.brief.kinds:
        return text, f"{names[place]} was drawn"
    return text, names[place] if kinds == ["role"] else None


def own_entry(brief: Brief) -> str:
    """Return the seat's entry for a list that is drawn: its one number whose name the result has in the plural."""
    asks = frozenset(_WORD.findall(brief.asks.lower()))
    found = own_number(brief)
    if found is None or list(brief.kinds.values()) != ["list"] or f"{found[0]}s" not in asks:
        return NO_VALUE
    return str(found[1]) if may_say(brief, frozenset({found[0]}), fixed=True) else NO_VALUE


def _plain(entry: str) -> Json:
    return int(entry) if re.fullmatch(r"[0-9]{1,15}", entry) else entry


def best_offer(scene: Scene, offers: Mapping[str, int]) -> Json:
    """Return the result of sealed offers by the rule that the background names, else None.

    The highest (or lowest) offer wins if only that word occurs. The price is the second-highest (second-lowest) if the
    background says so. Equal best offers give None. The result must be a role, or an object of a role and a number.
    """
    brief = scene.brief
    high, low = ("highest" in brief.shared or "higher" in brief.shared), "lowest" in brief.shared
    if high == low or len(offers) < 2:
        return None
    ranked = sorted(offers.items(), key=lambda item: item[1], reverse=high)
    if ranked[0][1] == ranked[1][1]:
        return None
    second = re.search("second[- ]highest" if high else "second[- ]lowest", brief.shared) is not None
    price = ranked[1 if second else 0][1]
    kinds = brief.kinds
    if list(kinds.values()) == ["role"] and "" in kinds:
        return ranked[0][0]
    if sorted(kinds.values()) != ["int", "role"]:
        return None
    return {member: ranked[0][0] if kind == "role" else price for member, kind in kinds.items()}


def guess(scene: Scene) -> Json:
    """Return an invented result of the right form, for players who declare what they do not know.

    None if the result is only true or false: half of such guesses would be right.
    """
    kinds = scene.brief.kinds
    number = 100 + int(draw(scene.seed, "guessed")[:8], 16) % 900
    made: dict[str, Json] = {
        "role": scene.everyone[number % len(scene.everyone)],
        "bool": number % 2 == 0,
        "int": number,
        "number": number,
        "text": f"number {number}",
        "set": [f"number {number}"],
        "list": [f"number {number}"],
    }
    if set(kinds.values()) <= {"bool"}:
        return None
    out = {member: made.get(kind) for member, kind in kinds.items()}
    return out.get("", out)
