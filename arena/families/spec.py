"""The static part of a family, which its command needs before anything is built.

Importing this module and a family's own `spec.py` must be cheap, since `--help` waits for both.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from arena.settings.table import MockModels, Setting


class Need(StrEnum):
    """Whether a family uses a service: never, if the user has it, or always."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Words:
    """The words for a unit and a played trial of the family, singular and plural."""

    unit: str
    units: str
    trial: str
    trials: str


@dataclass(frozen=True, slots=True)
class FamilySpec:
    """A family as its command sees it.

    `module`: the module that offers `build(config, tools) -> Family` and `from_run(run_dir, identity) -> Family`;
    `tools` is what players are shown of the tools, None without any. It may offer `roster(config)` (who plays),
    `offered(config, catalogue)` (the rows of the calculator's catalogue that players are shown),
    `rescoring_rules(config, rules)` (what a run that is scored again may change) and `unit_digests(run)` (unit -> text
    that says whether two runs played the same unit), `training(run) -> Training` (what is worth learning from).
    `settings`: the whole table of its command: the blocks of settings/table.py that it uses, and its own rows.
    `judge`, `tools`: whether it needs a judge and the calculator.
    `providers`: name -> module of the providers that are the family's own: its mock models, above all.
    `mocks`: the mock models that play and judge if none is named.
    `compared`: settings that two runs must have in common to be compared, besides seed, judge, tools and rules.
    `not_compared`: names of rules in which compared runs may differ.
    `rule_files`: rule of the identity -> settings on which it depends, the one that names the file behind it first: so
    that a refused resume can name the file.
    `chooses_conditions`: names of settings and rules that say which conditions are played: runs of which parts are
    compared (`arena compare --by`) may differ in them.
    `report`: the module that offers `parts_of(run)` for the report page; empty: it shows what the records say.
    `baselines`: the data file with the published baselines of the family's set (families/baselines.py); empty: none.
    `detail_class`: where the dataclass of Score.detail is, from which records are read back (`arena.module.Class`);
    empty: it is a JSON object.
    """

    name: str
    module: str
    settings: tuple[Setting, ...]
    words: Words
    judge: Need = Need.NONE
    tools: Need = Need.NONE
    providers: Mapping[str, str] = field(default_factory=dict)
    mocks: MockModels = MockModels()
    compared: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    rule_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chooses_conditions: tuple[str, ...] = ()
    report: str = ""
    baselines: str = ""
    detail_class: str = ""

    @property
    def detail(self) -> type | None:
        """The dataclass of Score.detail; None: it is a JSON object."""
        module, _, name = self.detail_class.rpartition(".")
        return getattr(importlib.import_module(module), name) if module else None
