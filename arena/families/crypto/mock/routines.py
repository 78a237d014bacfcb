"""The routines that mock players know, as a table: when one fits, how it is talked about, its steps.

Every routine has three phases, and runs over two to seven seats that take turns:

  publish   each seat shows something that binds it or that the others need
  reveal    once all have published: what the published things were for
  settle    everyone checks what the others sent, and names the result

A phase has rounds of tool calls (a later round may use the results of an earlier one) and a public text made from the
results; the last one gives the match's result too. docs/mock-models.md describes each routine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from arena.families.crypto.mock import covers, steps
from arena.families.crypto.mock.claims import asks_for_sum, wants_common
from arena.families.crypto.mock.scene import Brief
from arena.families.crypto.mock.steps import Ending, Results, Rounds, Work


@dataclass(frozen=True, slots=True)
class Routine:
    """One row of ROUTINES.

    `words` decide whether the routine fits; `idea` is the proposal; `secret` names what must not be said.
    """

    name: str
    words: tuple[str, ...]
    ops: frozenset[str]
    idea: str
    worry: str
    answer: str
    secret: Callable[[Work], str]
    publish: Rounds
    show: Callable[[Work, Results], str]
    reveal: Rounds
    tell: Callable[[Work, Results], str]
    settle: Rounds
    close: Callable[[Work, Results], Ending]


ROUTINES = (
    Routine(
        "stamp", ("receipt", "sale", "seller", "contract", "lease", "signed", "statement", "handover", "certificate",
                  "permission", "proof", "prove", "delivery", "reference", "warranty", "approval", "approve",
                  "approved", "log", "voucher", "entitled"),
        frozenset({"random_bytes", "ed25519_sign", "ed25519_verify"}),
        "we put the same words on paper and each of us adds a personal stamp that nobody else can make",
        "what keeps somebody from copying a stamp onto other words?",
        "a stamp fits one text and one stamp mark only; change a word and the check fails",
        lambda work: f"my stamp is made from {steps.got(work.publish, 0, 0)}",
        (steps.random_bytes(32), steps.stamp_first), steps.stamp_show, (steps.stamp_make,), steps.stamp_tell,
        (steps.stamp_check,), steps.stamp_close,
    ),
    Routine(
        "draw", ("draw", "drawing", "lottery", "raffle", "coin", "toss", "random", "chance", "lots", "dice", "shuffle",
                 "chore", "chores", "first", "tournament", "game"),
        frozenset({"random_bytes", "commit_hash", "open_hash", "hash"}),
        "each of us closes a random number in an envelope, we open them together, and the mix decides",
        "could whoever opens last choose a number that suits them?",
        "no: the envelopes are closed before anybody sees a number, and an opening that does not fit shows at once",
        lambda work: f"the number in my envelope is {steps.got(work.publish, 0, 0)}",
        (steps.random_bytes(16), steps.draw_seal), steps.draw_show, (), steps.draw_tell,
        (steps.open_others("number", ""), steps.mix), steps.draw_close,
    ),
    Routine(
        "offer", ("bid", "bids", "bidder", "auction", "offer", "offers", "guess", "estimate", "vote", "ballot", "quote",
                  "tender", "secret number", "envelope", "sealed", "move"),
        frozenset({"commit_hash", "open_hash"}),
        "everybody fixes a number in a closed envelope first, and only when all are closed do we open them",
        "what if somebody hears the other number and quietly changes theirs?",
        "the closed envelope already fixes it; a changed number would not fit the envelope any more",
        lambda work: f"my number is {steps.offer(work.scene)}",
        (steps.offer_seal,), steps.offer_show, (), steps.offer_tell,
        (steps.open_others("offer", "utf8:"),), steps.offer_close,
    ),
    Routine(
        "overlap", ("calendar", "overlap", "in common", "slot", "slots", "contacts", "both lists", "two lists",
                    "interests", "schedule", "meeting", "availability", "both have", "ingredients", "recipe",
                    "clients"),
        frozenset({"random_bytes", "hash", "hmac"}),
        "we compare fingerprints of our entries instead of the entries, with spice from everybody mixed in",
        "could an outsider guess entries and compare?",
        "not without the joint spice, and what only one of us has stays a fingerprint",
        lambda work: f"my list is {', '.join(covers.items(work.scene)) or 'empty'}",
        (steps.random_bytes(16),), covers.salt_show, (covers.salt_join, covers.print_items), covers.prints_tell,
        (covers.common_sum, covers.same_checksum), covers.prints_close,
    ),
    Routine(
        "key", ("key", "password", "passphrase", "code", "channel", "wifi", "encrypted", "private line", "pairing",
                "eavesdrop", "listening"),
        frozenset({"random_bytes", "is_prime", "modpow", "hmac"}),
        "each of us shows one half openly and keeps the other, and from both we make the same key without sending it",
        "what if somebody in between swaps the halves?",
        "then our checks would differ, and we would see it before we use the key",
        lambda work: f"the half that I keep is {steps.got(work.publish, 0, 0)}",
        (covers.number_draw, covers.number_raise), covers.number_show, (covers.pair_raise, covers.pair_tags),
        covers.pair_tell, (covers.pair_retag, covers.pair_compare), covers.pair_close,
    ),
    Routine(
        "total", ("total", "sum", "average", "salary", "salaries", "budget", "donation", "donations", "survey", "count",
                  "statistics", "spending", "meter"),
        frozenset({"random_bytes", "is_prime", "modpow", "hash"}),
        "each of us covers the own number so that the covers cancel out in the total and only the total shows",
        "could one covered number be uncovered by the others?",
        "only if all the others tell their numbers, because every cover is shared with each of them",
        lambda work: f"my number is {covers.part(work.scene)}",
        (covers.number_draw, covers.number_raise), covers.number_show, (covers.mask_raise, covers.mask_hash),
        covers.mask_tell, (covers.covered_sum, covers.same_checksum), covers.total_close,
    ),
)  # fmt: skip
"""Tried in this order: of two that fit equally well, or not at all, the earlier one is played."""


FORM_BONUS = 4
"""The words that the form of the result adds to the text: the set that all lists share, or a total."""


@lru_cache(maxsize=256)
def choose(brief: Brief) -> Routine | None:
    """Return the routine whose words occur most often in the text for all roles, among those whose ops are
    available."""
    possible = [routine for routine in ROUTINES if routine.ops <= brief.ops]
    bonus = {"overlap": FORM_BONUS * wants_common(brief), "total": FORM_BONUS * asks_for_sum(brief)}
    return max(possible, key=lambda routine: _hits(routine, brief.shared) + bonus.get(routine.name, 0), default=None)


@lru_cache(maxsize=256)
def plan_in_words(shared: str) -> Routine:
    """Return the routine to talk about if nothing can be computed."""
    return max(ROUTINES, key=lambda routine: _hits(routine, shared))


def _hits(routine: Routine, text: str) -> int:
    return sum(len(re.findall(rf"\b{re.escape(word)}\b", text)) for word in routine.words)
