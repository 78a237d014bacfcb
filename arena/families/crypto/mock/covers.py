"""The steps of the mock's routines overlap, key and total: values are compared or added under covers.

As in steps.py, a function that returns tool calls takes the work at hand and the results of the earlier rounds of this
turn. One that returns a text takes the results of the whole turn.
"""

from __future__ import annotations

import re

from arena.families.crypto.mock import claims
from arena.families.crypto.mock.claims import NO_VALUE
from arena.families.crypto.mock.scene import Scene, draw, put
from arena.families.crypto.mock.steps import Call, Ending, Lacking, Results, Work, got, same_kind
from arena.records import Json

# --- common entries of lists, by salted fingerprints ------------------------------------------------------------

LISTS = (
    (("client", "contact", "guest", "friend", "member"),
     ("Abara", "Bianchi", "Costa", "Dahl", "Ekberg", "Farkas", "Gomez", "Haddad")),
    (("sauce", "ingredient", "recipe", "allerg", "meal", "food"),
     ("celery", "egg", "fish", "milk", "mustard", "peanut", "sesame", "soy")),
    (("book", "film", "song", "interest", "hobb"),
     ("birds", "chess", "choirs", "old maps", "pottery", "rowing", "science fiction", "stars")),
    (("",),
     ("Monday evening", "Tuesday noon", "Wednesday evening", "Thursday noon", "Friday evening", "Saturday morning",
      "Saturday evening", "Sunday morning")),
)  # fmt: skip
"""The subject of lists: the first row with a word that occurs in the text for all roles. The last row always fits."""


def kinds_of_items(scene: Scene) -> tuple[str, ...]:
    return next(row for words, row in LISTS if any(word in scene.brief.shared for word in words))


def items(scene: Scene) -> list[str]:
    """Return the seat's own list, empty if it has none.

    If the prompt names no result, there are no values to read. Then six of eight items are drawn, so two lists share at
    least four.
    """
    if scene.brief.kinds:
        return claims.own_list(scene.brief) or []
    kinds = kinds_of_items(scene)
    return sorted(sorted(kinds, key=lambda item: draw(scene.seed, scene.me, item))[:6], key=kinds.index)


def salt_show(work: Work, done: Results) -> str:
    return f"My half of the spice that we both stir in: {put('spice', got(done, 0, 0))}."


def salt_join(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "".join(work.need("spice", work.scene.everyone))})]


def print_items(work: Work, done: Results) -> list[Call]:
    brief = work.scene.brief
    calls: list[Call] = [("hmac", {"key": got(done, 0, 0), "data": "utf8:" + item}) for item in items(work.scene)]
    if len(calls) < brief.max_calls:
        return calls
    if "batch" not in brief.ops or len(calls) > MAX_BATCH:
        raise Lacking(f"my list has {len(calls)} entries, more than the calculator takes from me in a turn")
    return [("batch", {"requests": [{"op": op, "args": args} for op, args in calls]})]


MAX_BATCH = 64


def short(fingerprints: list[Json]) -> list[str]:
    """Return the fingerprints as they are shown: 16 digits of each. `fingerprints`: the answers of a batch."""
    flat: list[Json] = []
    for found in fingerprints:
        flat += [one.get("result") for one in found["answers"]] if isinstance(found, dict) else [found]
    return [str(fingerprint)[:16] for fingerprint in flat if fingerprint]


def prints_tell(work: Work, done: Results) -> str:
    prints = " ".join(sorted(short(done[1]))) or NO_VALUE
    return f"My list, each entry only as a fingerprint over the joint spice: {put('fingerprints', prints)}."


def common(work: Work) -> list[str]:
    lists = [set(text.split()) for text in work.need("fingerprints", work.scene.everyone)]
    return sorted(set.intersection(*lists))


def common_sum(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "".join(common(work))})] if set(common(work)) - {NO_VALUE} else []


def same_checksum(work: Work, done: Results) -> list[Call]:
    """Return the calls that compare the checksum with those that others said already, if the calculator can."""
    said = work.scene.values("checksum")
    if "ct_equal" not in work.scene.brief.ops or not done[0]:
        return []
    return [("ct_equal", {"a": got(done, 0, 0), "b": text}) for name, text in said.items() if name != work.scene.me]


def all_equal(done: Results, what: str) -> None:
    """Errors: Lacking if a comparison failed."""
    if any(found is not True for found in done[1]):
        raise Lacking(f"{what} do not agree")


def prints_close(work: Work, done: Results) -> Ending:
    """Return the sentence about the common entries. It names them only if they are the result, otherwise only their
    number."""
    brief = work.scene.brief
    shared = common(work)
    if NO_VALUE in work.need("fingerprints", work.scene.everyone):
        return "Not everybody has a list, so there is nothing to lay side by side.", None
    count = len(shared) if claims.wants_count(brief) else None
    if not shared:
        text = "I laid the lists side by side: no fingerprint occurs in all of them."
        empty: Json = [] if claims.wants_common(brief) else count
        return text, empty if brief.kinds else "nothing in common"
    mine = dict(zip(short(work.reveal[1]), items(work.scene), strict=False)) if len(work.reveal) > 1 else {}
    if any(fingerprint not in mine for fingerprint in shared):
        raise Lacking("I cannot tell my own entries by their fingerprints any more")
    all_equal(done, "our checksums")
    check = f"So that we hold the same, {put('checksum', got(done, 0, 0))}."
    if brief.kinds and not claims.wants_common(brief):
        return f"I laid the lists side by side; {len(shared)} fingerprints occur in all. {check}", count
    found = sorted((mine[fingerprint] for fingerprint in shared), key=items(work.scene).index)
    return f"I laid the lists side by side; these occur in all: {', '.join(found)}. {check}", [*found]


# --- a common key for every pair ----------------------------------------------------------------------------------

PRIME = 2**255 - 19
"""A well-known prime (RFC 7748). The routine lets the calculator confirm that it is one."""


def number_draw(work: Work, done: Results) -> list[Call]:
    return [("random_bytes", {"len": 32}), ("is_prime", {"n": str(PRIME)})]


def number_raise(work: Work, done: Results) -> list[Call]:
    return [("modpow", {"base": "2", "exp": "0x" + str(got(done, 0, 0)), "mod": str(PRIME)})]


def number_show(work: Work, done: Results) -> str:
    return f"My open half, made from a number that stays with me: {put('open half', got(done, 1, 0))}."


def pair_raise(work: Work, done: Results) -> list[Call]:
    exponent = "0x" + str(got(work.publish, 0, 0))
    halves = work.need("open half", work.scene.others)
    return [("modpow", {"base": half, "exp": exponent, "mod": str(PRIME)}) for half in halves]


def tag(key: Json, speaker: str, hearer: str) -> Call:
    return "hmac", {"key": f"utf8:{key}", "data": f"utf8:{speaker} to {hearer}"}


def pair_tags(work: Work, done: Results) -> list[Call]:
    others = work.scene.others
    return [tag(got(done, 0, i), work.scene.me, other) for i, other in enumerate(others)]


def pair_tell(work: Work, done: Results) -> str:
    tags = [put(f"check for {other}", got(done, 1, i)[:32]) for i, other in enumerate(work.scene.others)]
    asked = claims.say_asked(claims.asked_values(work.scene.brief, fixed=False))
    return f"From the other half I made our key, and only its holder can make this: {', '.join(tags)}.{asked}"


def pair_retag(work: Work, done: Results) -> list[Call]:
    others = work.scene.others
    return [tag(got(work.reveal, 0, i), other, work.scene.me) for i, other in enumerate(others)]


def pair_compare(work: Work, done: Results) -> list[Call]:
    """Return the calls that compare the recomputed checks with those that were said, if the calculator can."""
    if "ct_equal" not in work.scene.brief.ops:
        return []
    heard = work.need(f"check for {work.scene.me}", work.scene.others)
    return [("ct_equal", {"a": got(done, 0, i)[:32], "b": tag}) for i, tag in enumerate(heard)]


def pair_close(work: Work, done: Results) -> Ending:
    heard = work.need(f"check for {work.scene.me}", work.scene.others)
    for i, (other, tag) in enumerate(zip(work.scene.others, heard, strict=True)):
        if got(done, 0, i)[:32] != tag:
            raise Lacking(f"the check of {other} does not hold")
    all_equal(done, "the check and what I recomputed")
    text = "I recomputed every check meant for me and each is right, so we hold the same key and nobody changed a half."
    if work.scene.brief.kinds:
        return text, claims.named(work.scene)
    return text, f"every pair of {', '.join(work.scene.everyone)} holds a common key"


# --- a total without the parts ------------------------------------------------------------------------------------

MASK_SPACE = 2**32
"""The modulus of masked numbers. The total of at most eight numbers below an eighth of it never wraps."""


def part(scene: Scene) -> int:
    """Return the seat's own number, 0 if it has none.

    If the prompt names no result, there are no values to read, and a number is drawn.
    """
    if not scene.brief.kinds:
        return 100 + scene.chance("part") % 900
    found = claims.own_number(scene.brief)
    return found[1] if found is not None and found[1] < MASK_SPACE // 8 else 0


def part_kind(scene: Scene) -> str:
    found = claims.own_number(scene.brief)
    return found[0] if found is not None and part(scene) == found[1] else NO_VALUE


MOST_COVERS = 5
"""Number of other seats with which a seat shares a cover: each takes two calls, and a turn has ten (the default)."""


def partners(scene: Scene) -> list[str]:
    """Return the seats with which a seat shares a cover: all others; in a larger group its two neighbours in a ring."""
    others, ring = scene.others, scene.everyone
    if len(others) <= MOST_COVERS:
        return others
    place = ring.index(scene.me)
    return [ring[place - 1], ring[(place + 1) % len(ring)]]


def mask_raise(work: Work, done: Results) -> list[Call]:
    exponent = "0x" + str(got(work.publish, 0, 0))
    halves = work.need("open half", partners(work.scene))
    return [("modpow", {"base": half, "exp": exponent, "mod": str(PRIME)}) for half in halves]


def mask_hash(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": f"utf8:mask {got(done, 0, i)}"}) for i in range(len(partners(work.scene)))]


def mask_tell(work: Work, done: Results) -> str:
    masked = part(work.scene)
    for i, other in enumerate(partners(work.scene)):
        mask = int(got(done, 1, i)[:8], 16)
        masked += mask if work.scene.me < other or subtracts(work) else -mask
    text = f"Here is my number under a cover that cancels in the total: {put('covered number', masked % MASK_SPACE)}"
    return f"{text}, {put('kind', part_kind(work.scene))}." if work.scene.brief.kinds else f"{text}."


def subtracts(work: Work) -> bool:
    """Return whether two seats want the difference of their numbers. Both then add the same cover."""
    return claims.wants_difference(work.scene.brief) and len(work.scene.others) == 1


def covered(work: Work) -> list[int]:
    texts = work.need("covered number", work.scene.everyone)
    if not all(re.fullmatch(r"[0-9]{1,10}", text) for text in texts):
        raise Lacking("a covered number cannot be read")
    return [int(text) for text in texts]


def covered_sum(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "utf8:" + " ".join(map(str, covered(work)))})]


def total_close(work: Work, done: Results) -> Ending:
    all_equal(done, "our checksums")
    numbers = covered(work)
    apart = subtracts(work)
    total = (numbers[0] - numbers[1] if apart else sum(numbers)) % MASK_SPACE
    if apart:
        total = min(total, MASK_SPACE - total)
    text = f"The covers cancel out and {'the difference' if apart else 'the total'} is {total}."
    brief, kinds = work.scene.brief, same_kind(work)
    counting = [name for name in work.scene.everyone if work.scene.values("kind").get(name, NO_VALUE) != NO_VALUE]
    if brief.kinds and len(counting) < 2:
        text = "The covers cancel out. Only one of us counts anything, so the total would tell its number: I keep it."
    text = f"{text} So that we all took the same numbers, {put('checksum', got(done, 0, 0))}."
    if not brief.kinds:
        return text, total
    if len(kinds) > 1 or NO_VALUE in kinds:
        return f"{text} We do not all count the same thing, though.", None
    return text, total if apart else claims.total_result(brief, total)
