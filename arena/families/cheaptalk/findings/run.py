"""All cells of a run together: order of protocols, cost of a protocol, baselines, the predecessor's claims. Pure.

Equal groups of episodes are computed once: the same cells occur in the whole run and in each group of summary.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from arena.families.cheaptalk.findings.cell import BASELINE, CellFindings, cell_findings
from arena.families.cheaptalk.metrics.episodes import HONEST, NO_MESSAGE, Cell, Episode, by_cell
from arena.families.cheaptalk.metrics.gains import GainTable
from arena.families.cheaptalk.metrics.order import OrderTest, order_test
from arena.families.cheaptalk.metrics.pairs import Drawer
from arena.families.cheaptalk.metrics.published_claims import (
    ClaimVerdict,
    on_accuracy,
    on_compliance,
    on_gains,
    on_order,
)
from arena.families.cheaptalk.metrics.rates import ProtocolCost, protocol_cost
from arena.families.cheaptalk.metrics.sensitivity import SensitivityPoint

RESAMPLES = 2000
SHOWN_PAIRING = "{protocol}, {sender} to {receiver}"
"""The name of a cell if several pairs of models play one protocol."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The data about a run that the statistics need.

    `protocols`, `deviations`: names in the order of tables, protocols from the loosest to the strictest; others
    follow, by name. `setting`: the constants of the payoff; None: not known.
    """

    seed: int | str
    protocols: Sequence[str] = ()
    deviations: Sequence[str] = ()
    setting: SensitivityPoint | None = None
    resamples: int = RESAMPLES


@dataclass(frozen=True, slots=True)
class RunFindings:
    """The findings of a run, cells by name.

    `order`: pairing -> test over its protocols, strictness rising. `costs`: cell -> the cost of honesty under it,
    compared with the loosest protocol of the same pairing.
    """

    cells: Mapping[str, CellFindings]
    baselines: Mapping[str, CellFindings]
    order: Mapping[str, OrderTest]
    costs: Mapping[str, ProtocolCost]
    claims: Sequence[ClaimVerdict]


@dataclass(slots=True)
class Statistician:
    """Computes findings, each cell once."""

    rules: Rules
    _drawers: dict[tuple[str, ...], Drawer] = field(default_factory=dict)
    _cells: dict[tuple[object, ...], CellFindings] = field(default_factory=dict)
    _same: dict[tuple[object, ...], CellFindings] = field(default_factory=dict)
    """The findings of `_cells`, kept so that the same episodes are not examined twice."""
    _kept: list[Sequence[Episode]] = field(default_factory=list)
    """The episodes of `_same`. They are known by their ids, so they must be kept alive."""
    _ranks: dict[tuple[str, str], tuple[int, str, int, str]] = field(default_factory=dict)

    def findings(self, episodes: Iterable[Episode]) -> RunFindings:
        """Return the findings of a group of episodes, in any order. Raises ValueError for an empty group."""
        ordered = sorted(episodes, key=self._place)
        if not ordered:
            raise ValueError("no episodes have no findings")
        tasks = tuple(dict.fromkeys(sorted(episode.task for episode in ordered)))
        drawer = self._drawers.setdefault(tasks, Drawer(self.rules.seed, self.rules.resamples, tasks))
        groups = by_cell(ordered)
        named = cell_names(groups)
        found = {named[cell]: self._cell(cell, group, ordered, drawer) for cell, group in groups.items()}
        cells = {name: one for name, one in found.items() if not one.is_baseline}
        baselines = {name: one for name, one in found.items() if one.is_baseline}
        pairings = _pairings(cells.values())
        ladders = {name: self._ladder(members) for name, members in pairings.items()}
        return RunFindings(
            cells=cells,
            baselines=baselines,
            order={name: order_test(tables) for name, tables in ladders.items() if len(tables) > 1},
            costs=_costs(pairings, groups, named),
            claims=_claims(pairings, ladders, groups, named),
        )

    def _ladder(self, members: Sequence[CellFindings]) -> list[GainTable]:
        """Return the gains of the protocols whose strictness is known, from the loosest on."""
        known = self.rules.protocols
        return [one.gains for one in members if one.gains is not None and one.cell.protocol in known]

    def _cell(self, cell: Cell, group: list[Episode], everything: Sequence[Episode], drawer: Drawer) -> CellFindings:
        alone = [e for e in everything if e.deviation == NO_MESSAGE and e.cell.receiver == cell.receiver]
        own = [e for e in alone if e.cell == cell]
        alone = own or _first_cell(alone)
        same = (cell, id(drawer), tuple(map(id, group)), tuple(map(id, alone)))
        if same not in self._same:
            equal = (cell, id(drawer), tuple(group), tuple(alone))
            if equal not in self._cells:
                self._cells[equal] = cell_findings(cell, group, alone, drawer, self.rules.setting)
            self._same[same] = self._cells[equal]
            self._kept += group, alone
        return self._same[same]

    def _place(self, episode: Episode) -> tuple[object, ...]:
        cell, deviation = episode.cell, episode.deviation
        ranks = self._ranks.get((cell.protocol, deviation))
        if ranks is None:
            rules = self.rules
            ranks = (*_rank(cell.protocol, rules.protocols), *_rank(deviation, (HONEST, *rules.deviations)))
            self._ranks[cell.protocol, deviation] = ranks
        return (
            *(ranks[:2], cell.sender, cell.receiver),
            *(ranks[2:], episode.task, episode.repetition),
            episode.series or "",
        )


def _rank(name: str, table: Sequence[str]) -> tuple[int, str]:
    return (table.index(name) if name in table else len(table), name)


def _first_cell(episodes: Sequence[Episode]) -> list[Episode]:
    """Return the controls of the first cell. They were played with one protocol and serve the others, too."""
    return next((list(group) for _, group in groupby(episodes, lambda episode: episode.cell)), [])


def cell_names(cells: Iterable[Cell]) -> dict[Cell, str]:
    """Return a name for each cell: its protocol, and who plays if that alone would not distinguish them."""
    found = list(cells)
    protocols = [cell.protocol for cell in found]
    alone = len(set(protocols)) == len(protocols)
    return {cell: cell.protocol if alone else SHOWN_PAIRING.format(**cell._asdict()) for cell in found}


def _pairings(cells: Iterable[CellFindings]) -> dict[str, list[CellFindings]]:
    """Return who plays -> cells, in the order of the protocols."""
    found: dict[str, list[CellFindings]] = {}
    for one in cells:
        found.setdefault(f"{one.cell.sender} to {one.cell.receiver}", []).append(one)
    return found


def _costs(
    pairings: Mapping[str, Sequence[CellFindings]], groups: Mapping[Cell, Sequence[Episode]], named: Mapping[Cell, str]
) -> dict[str, ProtocolCost]:
    found: dict[str, ProtocolCost] = {}
    for members in pairings.values():
        for one in members[1:]:
            cost = protocol_cost(groups[members[0].cell], groups[one.cell])
            if cost is not None:
                found[named[one.cell]] = cost
    return found


def _claims(
    pairings: Mapping[str, Sequence[CellFindings]],
    ladders: Mapping[str, Sequence[GainTable]],
    groups: Mapping[Cell, Sequence[Episode]],
    named: Mapping[Cell, str],
) -> list[ClaimVerdict]:
    """Return the verdicts on the predecessor's claims, pairing by pairing."""
    methods = {named[cell]: group for cell, group in groups.items() if group[0].deviation == BASELINE}
    found: list[ClaimVerdict] = []
    for name, members in pairings.items():
        for one in members:
            if one.gains is not None:
                found += on_gains(one.gains)
        for one in members:
            if one.honest is not None:
                found.append(on_compliance(one.cell.protocol, groups[one.cell]))
        first = members[0]
        if methods and first.honest is not None:
            honest = [episode for episode in groups[first.cell] if episode.deviation == HONEST]
            found.append(on_accuracy(first.cell.protocol, honest, methods))
        if len(ladders[name]) > 1:
            found.append(on_order(ladders[name]))
    return found
