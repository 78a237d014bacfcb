"""Blocks of settings with changes: the tables of commands are put together of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from arena.settings.table import JUDGE, JUDGE_BATCH, Setting


def changed(block: Iterable[Setting], changes: Mapping[str, Mapping[str, Any]]) -> tuple[Setting, ...]:
    """Return a block with other members in some rows: name of a setting -> its new members. Names that are not in the
    block are ignored, so that one table of changes serves several blocks."""
    return tuple(replace(row, **changes[row.name]) if row.name in changes else row for row in block)


def without_judge(table: Iterable[Setting]) -> tuple[Setting, ...]:
    """Return the settings of a run that no judge scores: a table without the blocks JUDGE and JUDGE_BATCH."""
    judging = {row.name for row in (*JUDGE, *JUDGE_BATCH)}
    return tuple(row for row in table if row.name not in judging)
