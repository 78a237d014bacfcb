"""A challenge set as Markdown for people, and each role's view of a challenge.

Pure, except for a look at which notes on families exist (lint.note_of), and at the plays for `stats`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from arena.families.crypto.challenges.instance import case_spec, drawn_case, is_agreement, right_result
from arena.families.crypto.challenges.lint import counts, note_of
from arena.families.crypto.challenges.members.open_talk import talk_is_right
from arena.families.crypto.challenges.result_kinds import describe_result_form
from arena.families.crypto.challenges.schema import ChallengeSet
from arena.families.crypto.challenges.validate import ITEMS
from arena.families.crypto.challenges.workload import ops_of
from arena.families.crypto.cheats.variants import TEMPTED, told_to, variant
from arena.families.crypto.op_levels import RECIPES
from arena.families.crypto.prompts import system_prompt
from arena.families.crypto.scripted import load_script
from arena.formats.tables import text_table
from arena.records import Json

LABELS = ("difficulty", "split", "primitive_family", "domain")


def markdown(challenge_set: ChallengeSet) -> str:
    """Return the whole set as one Markdown page; `python3 -m arena challenges render` writes it."""
    title = f"# The challenges of {challenge_set.version}"
    intro = (
        f"Generated from `{challenge_set.path.name}` by `python3 -m arena challenges render`:"
        f" {len(challenge_set.challenges)} challenges."
        " `{name}` stands for a value that is drawn anew for every match."
    )
    lines = [title, "", intro, ""]
    if challenge_set.canary:
        lines += [challenge_set.canary, ""]
    lines += ["| challenge | difficulty | split | family | domain | roles |", "|---|---|---|---|---|---|"]
    for challenge in challenge_set.challenges:
        cells = [f"[{challenge['name']}](#{challenge['id']})"]
        cells += [_linked(label, challenge, note_of(challenge_set, challenge)) for label in LABELS]
        lines.append(f"| {' | '.join([*cells, str(len(challenge['participants']))])} |")
    for challenge in challenge_set.challenges:
        lines += ["", *_chapter(challenge, note_of(challenge_set, challenge))]
    return "\n".join(lines) + "\n"


def _linked(label: str, challenge: Mapping[str, Json], note: str | None) -> str:
    """A label of a challenge; its family as a link to the note on it."""
    text = str(challenge.get(label, ""))
    return f"[{text}]({note})" if label == "primitive_family" and note is not None else text


def _chapter(challenge: Mapping[str, Json], note: str | None) -> Iterator[str]:
    context = challenge["participant_context"]
    yield f'<a id="{challenge["id"]}"></a>'
    yield ""
    yield f"## {challenge['name']}"
    yield ""
    labels = [_linked(label, challenge, note) for label in LABELS if label in challenge]
    yield f"`{challenge['id']}`: {', '.join(labels)}."
    yield ""
    yield context["public_background"]
    yield ""
    yield challenge["self_play"]["symmetry_breaker"]
    for participant in challenge["participants"]:
        own = context["role_specific"].get(participant["id"], {})
        yield ""
        yield f"### {participant['id']} ({participant['display_name']})"
        for member, title in (("goals", "Goals"), ("constraints", "Constraints"), ("private_info", "Private")):
            yield ""
            yield f"{title}:"
            yield ""
            yield from (f"- {entry}" for entry in own.get(member, ()))
    yield ""
    yield "### Result"
    yield ""
    yield from _result(challenge)
    if "temptation" in challenge:
        yield ""
        yield f"### Where {challenge['temptation']['seat']} is told to cheat"
        yield ""
        yield from (f"- {text}" for text in told_to(variant(challenge, TEMPTED), challenge["temptation"]["seat"]))
    yield ""
    yield "### For the judge"
    for member, entries in challenge["judge"].items():
        yield ""
        yield "Answered with yes or no:" if member == ITEMS else f"{member.replace('_', ' ').capitalize()}:"
        yield ""
        yield from (f"- {_item(entry) if member == ITEMS else entry}" for entry in entries)


def _item(item: Mapping[str, Json]) -> str:
    """Return a question to the judge, with its good answer."""
    return f"{item['asks']} ({item['good']} is good; {item['dimension']}; `{item['id']}`)"


def _result(challenge: Mapping[str, Json]) -> Iterator[str]:
    instance = challenge.get("instance")
    if instance is None:
        yield "Free: this challenge draws no values."
        return
    roles = [participant["id"] for participant in challenge["participants"]]
    asks = instance.get("asks", "what was agreed")
    yield f"{asks[:1].upper()}{asks[1:]}: {describe_result_form(instance['result'], roles)}."
    if is_agreement(instance["truth"]):
        yield "Right is what all roles agree on."
    if cases := cases_of(challenge):
        yield ""
        yield f"What may happen: {cases}."
    if talk_is_right(challenge):
        yield ""
        yield f"Plain talk is right: {challenge['open_talk']['why']}"


def cases_of(challenge: Mapping[str, Json]) -> str:
    """Return the cases of a challenge in words; empty if it has none."""
    found = case_spec(challenge["instance"]) if "instance" in challenge else None
    if found is None:
        return ""
    words = [[label.replace("_", " ") for label in found[1][member]] for member in ("honest", "negative")]
    return f"{', '.join(words[0])}; or, and then the right thing is to refuse or to say no: {', '.join(words[1])}"


def for_people(challenge: Mapping[str, Json], note: str | None) -> str:
    """Return the part of a challenge that no player reads: its labels, and the path of the note on its family."""
    labels = [f"{label}: {challenge[label]}" for label in LABELS if label in challenge]
    if cases := cases_of(challenge):
        labels.append(f"cases: {cases}")
    if talk_is_right(challenge):
        labels.append(f"plain talk is right: {challenge['open_talk']['why']}")
    if note is not None:
        labels.append(f"note: {note}")
    return "\n".join([f"===== for people: {challenge['id']} =====", *labels])


def seen_by(challenge: Mapping[str, Json], values: Mapping[str, Json] | None, tools: str | None, max_turns: int) -> str:
    """Return the instructions of each role, and the right result, as text."""
    parts = []
    for participant in challenge["participants"]:
        role = participant["id"]
        parts += [f"===== {role} =====", system_prompt(challenge, role, tools, max_turns, values)]
    if values is not None:
        right = right_result(challenge["instance"], values)
        case = drawn_case(challenge["instance"], values)
        parts.append(f"===== right result =====\n{'whatever all agree on' if right is None else right}")
        if case is not None:
            parts.append(f"case: {case.label}{' (negative)' if case.negative else ''}")
    return "\n".join(parts)


def stats(challenge_set: ChallengeSet) -> dict[str, Json]:
    """Return counts by label and role number, and how many have an instance, questions and so on."""
    challenges = challenge_set.challenges
    found: dict[str, Json] = {
        label: dict(sorted(Counter(str(c.get(label, "-")) for c in challenges).items())) for label in LABELS
    }
    found["roles"] = {str(n): k for n, k in sorted(Counter(len(c["participants"]) for c in challenges).items())}
    found["with_instance"] = sum("instance" in c for c in challenges)
    found["with_cases"] = sum(bool(cases_of(c)) for c in challenges)
    found["with_reference_play"] = sum("reference_play" in c for c in challenges)
    found["with_play_of_building_blocks"] = sum(_of_building_blocks(challenge_set, c) for c in challenges)
    found["with_questions"] = sum(ITEMS in c["judge"] for c in challenges)
    found["with_open_talk_right"] = sum(map(talk_is_right, challenges))
    found["with_temptation"] = sum("temptation" in c for c in challenges)
    return {"set": challenge_set.version, **counts(challenge_set), **found}


def _of_building_blocks(challenge_set: ChallengeSet, challenge: Mapping[str, Json]) -> bool:
    """Return whether a challenge has a reference play without recipes: it can be solved at `--op-level primitive`.

    A play that does not exist counts as none; `lint` reports it. Errors: DataError for a play that cannot be read.
    """
    path = challenge_set.path.parent / challenge.get("reference_play", "")
    return path.is_file() and RECIPES.isdisjoint(ops_of(load_script(path)))


def stats_text(found: Mapping[str, Json]) -> str:
    """Return `stats` as text."""
    rows = []
    for name, value in found.items():
        if isinstance(value, dict):
            rows += [[name, inner, str(count)] for inner, count in value.items()]
        else:
            rows.append([name, "", str(value)])
    return text_table(["what", "value", "challenges"], rows, frozenset({2}))


def listing(challenge_set: ChallengeSet, width: int | None = None) -> str:
    """Return one line per challenge. If `width` has no room for all columns, the less important ones are left out."""
    rows = [
        [c["id"], *(str(c.get(label, "-")) for label in LABELS), str(len(c["participants"])),
         *("yes" if member in c else "-" for member in ("instance", "reference_play", "temptation")), _negative(c)]
        for c in challenge_set.challenges
    ]  # fmt: skip
    heads = ["id", *LABELS, "roles", "instance", "play", "cheat", "negative cases"]
    whole = text_table(heads, rows, frozenset({5}))
    if width is None or len(whole.partition("\n")[0]) <= width:
        return whole
    kept = [heads.index(name) for name in ("id", "difficulty", "split", "roles", "cheat")]
    short = [[row[place] for place in kept] for row in rows]
    return text_table([heads[place] for place in kept], short, frozenset({3}))


def _negative(challenge: Mapping[str, Json]) -> str:
    """Return the names of the negative cases of a challenge."""
    found = case_spec(challenge["instance"]) if "instance" in challenge else None
    return "-" if found is None else ", ".join(found[1]["negative"])
