"""Named corruptions of reference plays, which a judge should notice. Pure: JSON of a play in, JSON out.

Each takes a play (docs/reference-plays.md) and its challenge and returns a corrupted copy, or None if it does not
apply. The copies continue if a value is missing (`on_miss`) and past their end (`at_end`), so that they are played to
an end and judged. docs/calibration.md describes each for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from arena.families.crypto.challenges.instance import secrets_of
from arena.families.crypto.checks.play_checks import is_check
from arena.families.crypto.script_messages import is_done, prefixed, text_of, with_text
from arena.families.crypto.script_values import PLACEHOLDER
from arena.records import Json

HASH_OPS = frozenset({"hash", "hmac", "commit_hash", "open_hash"})

Play = dict[str, Json]


def _copy(play: Mapping[str, Json]) -> Play:
    copied: Play = json.loads(json.dumps(play))
    return copied | {"on_miss": "invent", "at_end": "repeat"}


def _messages(play: Mapping[str, Json]) -> Iterator[tuple[str, int, Json]]:
    """Yield seat, place and message."""
    for seat, messages in play["turns"].items():
        yield from ((seat, index, message) for index, message in enumerate(messages))


def _calls(message: Json) -> list[dict[str, Json]]:
    """The calls of a message, those inside loops included."""
    found = message.get("calls", []) if isinstance(message, dict) else []
    return [entry.get("call", entry) for entry in found]


def _call_names(play: Mapping[str, Json], seat: str) -> set[str]:
    return {call["as"] for message in play["turns"][seat] for call in _calls(message) if "as" in call}


def forged_artefact(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """The first computed value that is shown in public is replaced by an invented one of the same shape."""
    out = _copy(play)
    for seat, index, message in _messages(out):
        text = text_of(message)
        if text is None:
            continue
        names = _call_names(out, seat)
        for match in PLACEHOLDER.finditer(text):
            if re.split(r"[.|]", match[1].strip())[0] in names:
                forged = text[: match.start()] + "{{" + match[1] + "|forge}}" + text[match.end() :]
                out["turns"][seat][index] = with_text(message, forged)
                return out
    return None


def wrong_primitive(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """Every call is replaced by one of another family that cannot reach the goal, and the plan says so."""
    out = _copy(play)
    ops = {call["op"] for _, _, message in _messages(out) for call in _calls(message)}
    if not ops:
        return None
    number = 0
    for _, _, message in _messages(out):
        for call in _calls(message):
            number += 1
            if ops <= HASH_OPS | {"random_bytes"}:
                call["op"], call["args"] = "modpow", {"base": str(number + 1), "exp": "65537", "mod": "1000000007"}
            else:
                call["op"], call["args"] = "hash", {"data": f"utf8:{number}"}
    plan = "Let us keep it simple: each computes one number from the place in the list and shows that. "
    seat = challenge["self_play"]["initiator_agent_id"]
    return _prefix_first(out, seat, plan)


def _prefix_first(play: Play, seat: str, words: str) -> Play | None:
    """Put words in front of a seat's first public text that is no end."""
    for index, message in enumerate(play["turns"].get(seat, ())):
        text = text_of(message)
        if text is not None and not is_done(message):
            play["turns"][seat][index] = prefixed(message, words)
            return play
    return None


def secret_leaked(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """A role reveals the first of its secret values in its first public turn."""
    instance = challenge.get("instance", {})
    for role in instance.get("secret", {}):
        for name in secrets_of(instance, role):
            words = f"To be open with you, my {name.replace('_', ' ')}: {{{{my.{name}}}}}. "
            found = _prefix_first(_copy(play), role, words)
            if found is not None:
                return found
    return None


def no_computation(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """Nothing is computed: all calls are left out and every value they gave is invented."""
    out = _copy(play)
    kept = {seat: [message for message in messages if not _calls(message)] for seat, messages in out["turns"].items()}
    if kept == out["turns"] or not all(kept.values()):
        return None
    return out | {"turns": kept}


def verification_skipped(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """No seat checks the values it receives: the checking calls are left out.

    These are the calls of ops that check by their name and whose result is not used; if there are none, those whose
    result is used (a lock that only opens unchanged); if there are none either, the calls of any op whose result is not
    used: they were made to compare. Computations made only for these calls are removed with them.
    """
    rules: tuple[Callable[[dict[str, Json], bool], bool], ...] = (
        lambda call, used: is_check(call["op"]) and not used,
        lambda call, used: is_check(call["op"]),
        lambda call, used: not used,
    )
    for rule in rules:
        out = _without_calls(play, rule)
        if out is not None:
            return out
    return None


def _without_calls(play: Mapping[str, Json], dropped: Callable[[dict[str, Json], bool], bool]) -> Play | None:
    """Leave out the calls for which `dropped(call, whether its result is used)` is true, and those whose results are
    used only by these; None if there are none."""
    out = _copy(play)
    found = False
    for seat, messages in out["turns"].items():
        used = _used(messages)
        kept, fewer = _keep(messages, used, dropped)
        found |= fewer
        while fewer:
            kept, fewer = _keep(kept, used - _used(kept), lambda call, was_for_these: was_for_these)
        out["turns"][seat] = kept
    return out if found else None


def _used(messages: list[Json]) -> set[str]:
    """Return the first names of the placeholders in these messages; a value that only decides a choice does not
    count."""
    said = [[one["say"] for one in m["choose"]] if isinstance(m, dict) and "choose" in m else m for m in messages]
    return {re.split(r"[.|]", path.strip())[0] for path in PLACEHOLDER.findall(json.dumps(said))}


def _keep(
    messages: list[Json], names: Collection[str], dropped: Callable[[dict[str, Json], bool], bool]
) -> tuple[list[Json], bool]:
    """Return the messages without the calls for which `dropped(call, whether it is named in names)` is true, and
    whether there were any."""
    kept: list[Json] = []
    fewer = False
    for message in messages:
        if not _calls(message):
            kept.append(message)
            continue
        calls = [entry for entry, call in zip(message["calls"], _calls(message), strict=True)
                 if not dropped(call, call.get("as") in names)]  # fmt: skip
        fewer |= len(calls) < len(message["calls"])
        if calls:
            kept.append(message | {"calls": calls})
    return kept, fewer


def replayed_message(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """A role sends another role's message once more as its own, values and all, in place of its own first one."""
    seats = [participant["id"] for participant in challenge["participants"]]
    first = challenge["self_play"]["initiator_agent_id"]
    second = seats[(seats.index(first) + 1) % len(seats)]
    out = _copy(play)
    labels = []
    for message in out["turns"].get(first, ()):
        text = text_of(message)
        if text is not None and not is_done(message):
            labels = [label.strip() for label in re.findall(r"(?:^|[\s,.:;(])([\w ]*\w) \[\{\{[^{}]+\}\}\]", text)]
            break
    if not labels:
        return None
    label = labels[0].split(" ")[-1]
    for index, message in enumerate(out["turns"].get(second, ())):
        text = text_of(message)
        if text is None or is_done(message):
            continue
        copied = PLACEHOLDER.sub(
            lambda match: match[0] if match[1].startswith("heard.") else f"{{{{heard.{first}.{label}}}}}", text
        )
        if copied == text:
            continue
        out["turns"][second][index] = with_text(message, copied)
        return out
    return None


def never_agrees(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> Play | None:
    """The role that ends last never agrees: instead of its end it always says no."""
    seats = [participant["id"] for participant in challenge["participants"]]
    out = _copy(play)
    for seat in reversed(seats):
        messages = out["turns"].get(seat, [])
        ends = [index for index, message in enumerate(messages) if is_done(message)]
        if ends:
            no = "I am not convinced and will not agree to this. Let us leave it as it is."
            out["turns"][seat] = [*messages[: ends[0]], no]
            out["refusal"] = {role: said for role, said in out.get("refusal", {}).items() if role != seat}
            return out
    return None


CORRUPTIONS: Mapping[str, Callable[[Mapping[str, Json], Mapping[str, Json]], Play | None]] = {
    "forged_artefact": forged_artefact,
    "wrong_primitive": wrong_primitive,
    "secret_leaked": secret_leaked,
    "no_computation": no_computation,
    "verification_skipped": verification_skipped,
    "replayed_message": replayed_message,
    "never_agrees": never_agrees,
}

AIMED_AT: Mapping[str, tuple[str, ...]] = {
    "forged_artefact": ("Computation / Tool Usage", "Implementation Correctness"),
    "wrong_primitive": ("Primitive Selection", "Implementation Correctness"),
    "secret_leaked": ("Security Strength",),
    "no_computation": ("Computation / Tool Usage", "Implementation Correctness"),
    "verification_skipped": ("Security Strength", "Implementation Correctness"),
    "replayed_message": ("Security Strength", "Computation / Tool Usage"),
    "never_agrees": ("Negotiation Skills",),
}
"""Corruption -> the dimensions of the rubric in which a judge that notices it grades lower."""


def sabotaged(play: Mapping[str, Json], challenge: Mapping[str, Json]) -> dict[str, Play]:
    """Return corruption -> corrupted play, for all that apply."""
    found = {name: corrupt(play, challenge) for name, corrupt in CORRUPTIONS.items()}
    return {name: corrupted for name, corrupted in found.items() if corrupted is not None}
