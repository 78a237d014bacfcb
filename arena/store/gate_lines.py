"""Lines of the journal and of the records that contain decisions of gates, each decision encoded once.

A policy makes the same few decisions thousands of times, and every call and every record has several of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from json import encoder as _json

from arena.formats.decode import encode
from arena.formats.json_text import compact_json
from arena.records import GateDecision, Json, Record
from arena.store.journal import encode_line

MOST_HELD = 4096
"""Decisions whose texts are held."""

_held: dict[int, tuple[GateDecision, str, str]] = {}
"""id of a decision -> the decision, its JSON, and that as part of a JSON string."""


def call_line(fields: Mapping[str, Json]) -> bytes:
    """Return a journal line; its member `gates`, if there is one, holds GateDecisions."""
    gates = fields.get("gates")
    if not gates:
        return encode_line(fields)
    text = compact_json({**fields, "gates": None})
    if text.count(_NONE) == 1:  # a player's arguments may contain it too
        head, _, tail = text.partition(_NONE)
        text = f'{head},"gates":[{",".join([_texts(one)[1] for one in gates])}],{tail}\n'
        try:
            return text.encode()
        except UnicodeEncodeError:
            pass
    return encode_line({**fields, "gates": [encode(one) for one in gates]})


def record_line(record: Record) -> bytes:
    """Return what `encode_line(record.to_json())` returns."""
    gates = (*record.transcript.gates, *record.gates)
    if not gates:
        return encode_line(record.to_json())
    head, mark, tail = compact_json(record.to_json(without_gates=True)).partition(_NO_GATES[record.flagged])
    text = f"{head}{mark[:-2]}{','.join([_texts(one)[2] for one in gates])}{mark[-2:]}{tail}\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return encode_line(record.to_json())


_NONE = ',"gates":null,'
_NO_GATES = {flag: f'"flagged":{str(flag).lower()},"gates":"[]"' for flag in (False, True)}
"""The end of the members before the decisions; before it a line contains texts and labels only, so it occurs once."""


def _texts(one: GateDecision) -> tuple[GateDecision, str, str]:
    found = _held.get(id(one))
    if found is not None and found[0] is one:
        return found
    text = compact_json(encode(one))
    made = one, text, _json.encode_basestring(text)[1:-1]
    if one.observed is not None or one.bound is not None:  # of any size, and seldom met again
        return made
    if len(_held) >= MOST_HELD:
        _held.clear()
    _held[id(one)] = made
    return made
