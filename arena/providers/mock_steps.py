"""The steps of the mock's routines: what each phase computes and what it says about it. Floor F1.

The table that puts them together is in mock_routines.py. A function that gives tool calls takes the work at hand and
the results of the earlier rounds of this turn; one that says something takes the results of the whole turn.
Values travel in public texts as `label [value]` (mock_scene.put).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from arena.providers.mock_scene import Scene, draw, put
from arena.records import Json

Call = tuple[str, dict[str, Json]]
Results = list[list[Json]]


class Lacking(Exception):
    """A value that the phase needs is not there; the message says which, as the seat would say it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a phase has to go on: the scene, and what this seat's own publish and reveal turns computed."""

    scene: Scene
    publish: Results
    reveal: Results

    def need(self, label: str, names: list[str]) -> list[str]:
        """Return the values that `names` gave under `label`, in order. Raises Lacking for the first that is absent."""
        found = self.scene.values(label)
        for name in names:
            if name not in found:
                raise Lacking(f"I have not yet seen the {label} of {name}")
        return [found[name] for name in names]


Rounds = tuple[Callable[[Work, Results], list[Call]], ...]
Ending = tuple[str, Json]


def got(results: Results, round: int, index: int) -> Json:
    """Return one result. Raises Lacking where the calculator gave none."""
    if round < len(results) and index < len(results[round]) and results[round][index] is not None:
        return results[round][index]
    raise Lacking("the calculator gave me no result for one of my steps")


# --- a fair draw: sealed random numbers, opened together ----------------------------------------------------------


def draw_seal(work: Work, done: Results) -> list[Call]:
    return [("commit_hash", {"msg": got(done, 0, 0)})]


def draw_show(work: Work, done: Results) -> str:
    return f"Mine is in the envelope: {put('sealed note', got(done, 1, 0)['commitment'])}."


def draw_tell(work: Work, done: Results) -> str:
    number, seal = got(work.publish, 0, 0), got(work.publish, 1, 0)
    return f"Opening my envelope: {put('number', number)}, {put('opening key', seal['nonce'])}."


def open_others(label: str, prefix: str) -> Callable[[Work, Results], list[Call]]:
    """Check every other seat's envelope against what it says was inside."""

    def calls(work: Work, done: Results) -> list[Call]:
        others = work.scene.others
        rows = zip(
            work.need("sealed note", others), work.need(label, others), work.need("opening key", others), strict=True
        )
        return [("open_hash", {"commitment": c, "msg": prefix + m, "nonce": n}) for c, m, n in rows]

    return calls


def mix(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "".join(work.need("number", work.scene.everyone))})]


def all_valid(work: Work, checks: list[Json], what: str) -> None:
    """Raise Lacking naming the first seat whose check failed."""
    for name, check in zip(work.scene.others, checks, strict=False):
        if not check or check.get("valid") is not True:
            raise Lacking(f"the {what} of {name} does not hold")
    if len(checks) < len(work.scene.others):
        raise Lacking("I could not check everything")


def draw_close(work: Work, done: Results) -> Ending:
    all_valid(work, done[0], "envelope")
    mixed = got(done, 1, 0)
    names = work.scene.everyone
    chosen = names[int(mixed, 16) % len(names)]
    text = f"I opened every envelope and each holds what was sealed. Mixed together they give {put('draw', mixed)}"
    return f"{text}, and counting that out over {', '.join(names)} it falls on {chosen}.", f"{chosen} was drawn"


# --- sealed offers: everyone's number at once ---------------------------------------------------------------------


def offer(scene: Scene) -> str:
    return str(40 + scene.chance("offer") % 360)


def offer_seal(work: Work, done: Results) -> list[Call]:
    return [("commit_hash", {"msg": "utf8:" + offer(work.scene)})]


def offer_show(work: Work, done: Results) -> str:
    return f"My number is fixed and closed: {put('sealed note', got(done, 0, 0)['commitment'])}."


def offer_tell(work: Work, done: Results) -> str:
    key = got(work.publish, 0, 0)["nonce"]
    opening = f"{put('offer', offer(work.scene))}, {put('opening key', key)}"
    return f"All envelopes are on the table, so here is mine: {opening}."


def offer_close(work: Work, done: Results) -> Ending:
    all_valid(work, done[0], "envelope")
    names = work.scene.everyone
    offers = dict(zip(names, work.need("offer", names), strict=True))
    best = max(names, key=lambda name: (int(offers[name]) if offers[name].isdecimal() else -1, name))
    text = f"Every envelope opens to the number that was named, so nobody changed theirs. {best} is highest"
    return f"{text} with {offers[best]}.", f"{best} with {offers[best]}"


# --- a stamped statement: everyone signs the same words -----------------------------------------------------------


def statement(work: Work) -> str:
    return f"{work.scene.brief.title}: agreed by {', '.join(work.scene.everyone)}"


def stamp_first(work: Work, done: Results) -> list[Call]:
    return [("ed25519_sign", {"sk": got(done, 0, 0), "msg": f"utf8:I am {work.scene.me}"})]


def stamp_show(work: Work, done: Results) -> str:
    stamp = got(done, 1, 0)
    mark, trial = put("stamp mark", stamp["pk"]), put("trial", stamp["sig"])
    return f"You will know my stamp by {mark}; first use, on my name: {trial}."


def stamp_make(work: Work, done: Results) -> list[Call]:
    return [("ed25519_sign", {"sk": got(work.publish, 0, 0), "msg": "utf8:" + statement(work)})]


def stamp_tell(work: Work, done: Results) -> str:
    return f'I stamp the words "{statement(work)}": {put("stamp", got(done, 0, 0)["sig"])}.'


def stamp_check(work: Work, done: Results) -> list[Call]:
    others = work.scene.others
    rows = zip(work.need("stamp mark", others), work.need("stamp", others), strict=True)
    return [("ed25519_verify", {"pk": pk, "msg": "utf8:" + statement(work), "sig": sig}) for pk, sig in rows]


def stamp_close(work: Work, done: Results) -> Ending:
    all_valid(work, done[0], "stamp")
    text = "I checked every stamp against the mark shown at the start and against these very words; all hold."
    return f"{text} Each of us keeps a copy with all stamps.", statement(work)


# --- what lists have in common, by salted fingerprints ------------------------------------------------------------

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
"""What lists are about: the first row of which a word occurs in what all roles are told; the last fits always."""


def kinds_of_items(scene: Scene) -> tuple[str, ...]:
    return next(row for words, row in LISTS if any(word in scene.brief.shared for word in words))


def items(scene: Scene) -> list[str]:
    """Six of the eight items, by chance: two lists share at least four."""
    kinds = kinds_of_items(scene)
    return sorted(sorted(kinds, key=lambda item: draw(scene.seed, scene.me, item))[:6], key=kinds.index)


def salt_show(work: Work, done: Results) -> str:
    return f"My half of the spice that we both stir in: {put('spice', got(done, 0, 0))}."


def salt_join(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "".join(work.need("spice", work.scene.everyone))})]


def print_items(work: Work, done: Results) -> list[Call]:
    return [("hmac", {"key": got(done, 0, 0), "data": "utf8:" + item}) for item in items(work.scene)]


def short(fingerprints: list[Json]) -> list[str]:
    return [str(fingerprint)[:16] for fingerprint in fingerprints if fingerprint]


def prints_tell(work: Work, done: Results) -> str:
    prints = " ".join(sorted(short(done[1])))
    return f"My list, each entry only as a fingerprint over the joint spice: {put('fingerprints', prints)}."


def common(work: Work) -> list[str]:
    lists = [set(text.split()) for text in work.need("fingerprints", work.scene.everyone)]
    return sorted(set.intersection(*lists))


def common_sum(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "".join(common(work))})] if common(work) else []


def prints_close(work: Work, done: Results) -> Ending:
    shared = common(work)
    if not shared:
        return "I laid the lists side by side: no fingerprint occurs in all of them.", "nothing in common"
    mine = dict(zip(short(work.reveal[1]), items(work.scene), strict=False)) if len(work.reveal) > 1 else {}
    if any(fingerprint not in mine for fingerprint in shared):
        raise Lacking("I cannot tell my own entries by their fingerprints any more")
    found = sorted((mine[fingerprint] for fingerprint in shared), key=kinds_of_items(work.scene).index)
    text = f"I laid the lists side by side; these occur in all: {', '.join(found)}."
    return f"{text} So that we hold the same, {put('checksum', got(done, 0, 0))}.", found


# --- a common key for every pair ----------------------------------------------------------------------------------

PRIME = 2**255 - 19
"""A well-known prime (RFC 7748 names it); the routine has the calculator confirm that it is one."""


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
    return f"From the other half I made our key, and only its holder can make this: {', '.join(tags)}."


def pair_retag(work: Work, done: Results) -> list[Call]:
    others = work.scene.others
    return [tag(got(work.reveal, 0, i), other, work.scene.me) for i, other in enumerate(others)]


def pair_close(work: Work, done: Results) -> Ending:
    heard = work.need(f"check for {work.scene.me}", work.scene.others)
    for i, (other, tag) in enumerate(zip(work.scene.others, heard, strict=True)):
        if got(done, 0, i)[:32] != tag:
            raise Lacking(f"the check of {other} does not hold")
    text = "I recomputed every check meant for me and each is right, so we hold the same key and nobody changed a half."
    return text, f"every pair of {', '.join(work.scene.everyone)} holds a common key"


# --- a total without the parts ------------------------------------------------------------------------------------

MASK_SPACE = 2**32
"""Masked numbers live modulo this; the totals of at most five numbers below 1,000 never wrap."""


def part(scene: Scene) -> int:
    return 100 + scene.chance("part") % 900


def mask_hash(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": f"utf8:mask {got(done, 0, i)}"}) for i in range(len(work.scene.others))]


def mask_tell(work: Work, done: Results) -> str:
    masked = part(work.scene)
    for i, other in enumerate(work.scene.others):
        mask = int(got(done, 1, i)[:8], 16)
        masked += mask if work.scene.me < other else -mask
    return f"Here is my number under a cover that cancels in the total: {put('covered number', masked % MASK_SPACE)}."


def covered(work: Work) -> list[int]:
    texts = work.need("covered number", work.scene.everyone)
    if not all(re.fullmatch(r"[0-9]{1,10}", text) for text in texts):
        raise Lacking("a covered number cannot be read")
    return [int(text) for text in texts]


def covered_sum(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "utf8:" + " ".join(map(str, covered(work)))})]


def total_close(work: Work, done: Results) -> Ending:
    total = sum(covered(work)) % MASK_SPACE
    text = f"The covers cancel out and the total is {total}. So that we added the same numbers,"
    return f"{text} {put('checksum', got(done, 0, 0))}.", total


def random_bytes(count: int) -> Callable[[Work, Results], list[Call]]:
    def calls(work: Work, done: Results) -> list[Call]:
        return [("random_bytes", {"len": count})]

    return calls
