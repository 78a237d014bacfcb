"""The steps of the mock's routines draw, offer and stamp: the calls and texts of each phase.

Those of overlap, key and total are in covers.py; routines.py has the table of all. A function that returns tool calls
takes the work at hand and the results of the earlier rounds of this turn. One that returns a text takes the results of
the whole turn. In public texts a value is written as `label [value]` (scene.put).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from arena.families.crypto.mock import claims
from arena.families.crypto.mock.claims import NO_VALUE
from arena.families.crypto.mock.scene import Scene, put
from arena.records import Json

Call = tuple[str, dict[str, Json]]
Results = list[list[Json]]


class Lacking(Exception):
    """A value that the phase needs is missing; the message names it in the seat's words."""


@dataclass(frozen=True, slots=True)
class Work:
    """The input of a phase: the scene, and the results of this seat's own publish and reveal turns."""

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
    """Return one result. Raises Lacking if the calculator gave none."""
    if round < len(results) and index < len(results[round]) and results[round][index] is not None:
        return results[round][index]
    raise Lacking("the calculator gave me no result for one of my steps")


def random_bytes(count: int) -> Callable[[Work, Results], list[Call]]:
    def calls(work: Work, done: Results) -> list[Call]:
        return [("random_bytes", {"len": count})]

    return calls


# --- a fair draw: sealed random numbers, opened together ----------------------------------------------------------


def draw_seal(work: Work, done: Results) -> list[Call]:
    return [("commit_hash", {"msg": got(done, 0, 0)})]


def draw_show(work: Work, done: Results) -> str:
    return f"Mine is in the envelope: {put('sealed note', got(done, 1, 0)['commitment'])}."


def draw_tell(work: Work, done: Results) -> str:
    number, seal = got(work.publish, 0, 0), got(work.publish, 1, 0)
    text = f"Opening my envelope: {put('number', number)}, {put('opening key', seal['nonce'])}."
    brief = work.scene.brief
    if list(brief.kinds.values()) == ["list"]:
        return f"{text} In the draw stands {put('my entry', claims.own_entry(brief))}."
    return text + claims.say_asked(claims.asked_values(brief, fixed=True))


def opened(work: Work, label: str) -> list[str]:
    """Return the other seats that opened their envelopes. Errors: Lacking if one neither opened its own nor kept it
    closed."""
    others = work.scene.others
    return [name for name, text in zip(others, work.need(label, others), strict=True) if text != KEPT_CLOSED]


def open_others(label: str, prefix: str) -> Callable[[Work, Results], list[Call]]:
    """Return the calls that check every opened envelope of another seat against its declared content."""

    def calls(work: Work, done: Results) -> list[Call]:
        names = opened(work, label)
        rows = zip(
            work.need("sealed note", names), work.need(label, names), work.need("opening key", names), strict=True
        )
        return [("open_hash", {"commitment": c, "msg": prefix + m, "nonce": n}) for c, m, n in rows]

    return calls


def mix(work: Work, done: Results) -> list[Call]:
    return [("hash", {"data": "".join(work.need("number", work.scene.everyone))})]


def all_valid(names: list[str], checks: list[Json], what: str) -> None:
    """Errors: Lacking, naming the first seat whose check failed."""
    for name, check in zip(names, checks, strict=False):
        if not check or check.get("valid") is not True:
            raise Lacking(f"the {what} of {name} does not hold")
    if len(checks) < len(names):
        raise Lacking("I could not check everything")


def draw_close(work: Work, done: Results) -> Ending:
    all_valid(work.scene.others, done[0], "envelope")
    mixed = got(done, 1, 0)
    words, result = claims.drawn(work.scene, int(mixed, 16))
    text = f"I opened every envelope and each holds what was sealed. Mixed together they give {put('draw', mixed)}"
    return f"{text}, and {words}.", claims.named(work.scene) if result is None else result


# --- sealed offers: everyone's number at once ---------------------------------------------------------------------


KEPT_CLOSED = "kept closed"


def offer(scene: Scene) -> str:
    """Return the content of the seat's envelope: its own number, else its part of the result, else a statement that it
    has nothing.

    If the prompt names no result, there are no values to read, and a number is drawn.
    """
    brief = scene.brief
    if not brief.kinds:
        return str(40 + scene.chance("offer") % 360)
    number = claims.own_number(brief) if "role" in brief.kinds.values() else None
    if number is not None:
        return str(number[1])
    return ", ".join(map(str, claims.asked_values(brief, fixed=True).values())) or NO_VALUE


def offer_seal(work: Work, done: Results) -> list[Call]:
    return [("commit_hash", {"msg": "utf8:" + offer(work.scene)})]


def offer_show(work: Work, done: Results) -> str:
    return f"My number is fixed and closed: {put('sealed note', got(done, 0, 0)['commitment'])}."


def offer_tell(work: Work, done: Results) -> str:
    brief = work.scene.brief
    number = claims.own_number(brief) if "role" in brief.kinds.values() else None
    if number is not None and not claims.bid_is_open(brief, number[0]):
        return f"I may not show mine to everybody, so my envelope stays shut: {put('offer', KEPT_CLOSED)}."
    key = got(work.publish, 0, 0)["nonce"]
    opening = f"{put('offer', offer(work.scene))}, {put('opening key', key)}"
    kind = f", {put('kind', number[0])}" if number is not None else ""
    asked = "" if number is not None else claims.say_asked(claims.asked_values(brief, fixed=True))
    return f"All envelopes are on the table, so here is mine: {opening}{kind}.{asked}"


def offer_close(work: Work, done: Results) -> Ending:
    all_valid(opened(work, "offer"), done[0], "envelope")
    names = work.scene.everyone
    offers = dict(zip(names, work.need("offer", names), strict=True))
    text = "Every envelope that was opened holds what was named, so nobody changed theirs."
    numbers = {name: int(offer) for name, offer in offers.items() if offer.isdecimal() and len(offer) < 16}
    if not work.scene.brief.kinds:
        best = max(names, key=lambda name: (numbers.get(name, -1), name))
        return f"{text} {best} is highest with {offers[best]}.", f"{best} with {offers[best]}"
    if len(numbers) == len(names) and len(same_kind(work)) == 1:
        return text, claims.best_offer(work.scene, numbers)
    return text, claims.named(work.scene)


def same_kind(work: Work) -> set[str]:
    """Return what the seats' numbers count, as the seats say: one word if all count the same."""
    found = work.scene.values("kind")
    return {found.get(name, NO_VALUE) for name in work.scene.everyone}


# --- a stamped statement: everyone signs the same words -----------------------------------------------------------


def statement(work: Work) -> str:
    """Return the words that all stamp: the title, who agrees, and the part of the result that was named."""
    scene = work.scene
    said = [f"; {member or 'answer'} {value}" for member in scene.brief.kinds
            for value in sorted(set(scene.values(f"my {member or 'answer'}").values()))]  # fmt: skip
    return f"{scene.brief.title}: agreed by {', '.join(scene.everyone)}{''.join(said)}"


def stamp_first(work: Work, done: Results) -> list[Call]:
    return [("ed25519_sign", {"sk": got(done, 0, 0), "msg": f"utf8:I am {work.scene.me}"})]


def stamp_show(work: Work, done: Results) -> str:
    stamp = got(done, 1, 0)
    mark, trial = put("stamp mark", stamp["pk"]), put("trial", stamp["sig"])
    asked = claims.say_asked(claims.asked_values(work.scene.brief, fixed=False))
    return f"You will know my stamp by {mark}; first use, on my name: {trial}.{asked}"


def stamp_make(work: Work, done: Results) -> list[Call]:
    return [("ed25519_sign", {"sk": got(work.publish, 0, 0), "msg": "utf8:" + statement(work)})]


def stamp_tell(work: Work, done: Results) -> str:
    return f'I stamp the words "{statement(work)}": {put("stamp", got(done, 0, 0)["sig"])}.'


def stamp_check(work: Work, done: Results) -> list[Call]:
    """Return the calls that check every other seat's stamp on the common words, and its first stamp, on its name."""
    others = work.scene.others
    marks = work.need("stamp mark", others)
    calls: list[Call] = []
    for label, words in (("stamp", [statement(work)] * len(others)), ("trial", [f"I am {name}" for name in others])):
        rows = zip(marks, words, work.need(label, others), strict=True)
        calls += [("ed25519_verify", {"pk": pk, "msg": "utf8:" + said, "sig": sig}) for pk, said, sig in rows]
    return calls


def stamp_close(work: Work, done: Results) -> Ending:
    all_valid([*work.scene.others] * 2, done[0], "stamp")
    text = "I checked every stamp against the mark shown at the start and against these very words; all hold."
    result = claims.named(work.scene) if work.scene.brief.kinds else statement(work)
    return f"{text} Each of us keeps a copy with all stamps.", result
