"""Made episodes: short to write, and large tables drawn by seed with known gains."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from arena.families.cheaptalk.claim import LABELS, Label
from arena.families.cheaptalk.metrics.episodes import HONEST, Cell, Episode, Outlay, Shown

P1, P2, P3 = (Cell(name, "mock/sender", "mock/receiver") for name in ("p1", "p2", "p3"))
S, R, N = LABELS


def episode(task: str, deviation: str = HONEST, payoff: float = 0.0, **fields: object) -> Episode:
    """One episode of P1 on a claim that is true, decided right, unless `fields` say otherwise."""
    made = Episode(task, P1, deviation, S, S, S, Outlay(payoff, quality=payoff), Shown(True, 1.0, True))
    return replace(made, **fields)  # type: ignore[arg-type]


def payoffs(deviation: str, values: Sequence[float], **fields: object) -> list[Episode]:
    """Episodes of tasks t0, t1, ... with these payoffs."""
    return [episode(f"t{place}", deviation, value, **fields) for place, value in enumerate(values)]


def table(
    tasks: int, gains: dict[str, float], seed: int, cell: Cell = P1, series: int | None = None
) -> Iterator[Episode]:
    """Honest and deviating episodes of `tasks` tasks whose true mean gains are known.

    Payoffs are -0.1 or 1, with more successes the easier the task; a deviation gains by its shift, which is paid as
    a lottery of +1 or -1 with that mean. With `series`, the tasks fall into so many series with their own shock.
    """
    source = random.Random(seed)
    shocks = {(name, one): source.gauss(0, 0.2) for name in gains for one in range(series or 0)}
    for number in range(tasks):
        truth = LABELS[number % 3]
        ease = source.random()
        group = None if series is None else number % series
        for name in (HONEST, *gains):
            right = source.random() < 0.3 + 0.6 * ease
            value = 1.0 if right else -0.1
            if name != HONEST:
                value += 1.0 if source.random() < (1 + gains[name]) / 2 else -1.0
                value += shocks[name, group] if group is not None else 0.0
            predicted = truth if right else LABELS[(number + 1) % 3]
            lied = name != HONEST
            yield Episode(
                task=f"t{number:04}",
                cell=cell,
                deviation=name,
                truth=truth,
                predicted=predicted,
                asserted=LABELS[(number + 1) % 3] if lied else truth,
                outlay=Outlay(value, quality=value + 0.05 * lied, penalty=0.1 * lied),
                shown=Shown(not lied, 1.0 if not lied else 0.2, right and not lied),
                receiver_payoff=float(right),
                adopted=source.random() < (0.6 if lied else 0.3),
                behaved=lied,
                series=None if group is None else str(group),
            )


def labelled(truth: Label, predicted: Label | None, task: str = "t", **fields: object) -> Episode:
    """An episode with these labels and nothing else of interest."""
    return episode(task, truth=truth, predicted=predicted, **fields)
