"""How far judgements of one match agree in questions that yes or no answers. Pure; docs/rejudging.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.formats.tables import number, text_table
from arena.records import Json, Judgement
from arena.stats.agreement import ORDINAL, Cells, add_cells, alpha, alpha_intervals, draws_for, exact_share, pairs_of

SEED = "judge agreement"
MOST_LISTED = 20


class ItemAgreement:
    """Adds up the answers of panels; yes counts as 1 and no as 0, so that alpha is the one for nominal data."""

    def __init__(self) -> None:
        self._by_unit: dict[str, Cells] = {}
        self._by_question: dict[tuple[str, str], Cells] = {}
        self._answers = 0

    def add(self, unit: str, panel: Sequence[Judgement]) -> None:
        """Count the judgements of one match; nothing if fewer than two could be read, or nothing was asked."""
        read = [{one.id: one.answer == "yes" for one in judgement.items} for judgement in panel if judgement.items]
        if len(read) < 2:
            return
        for question in read[0]:
            cells = pairs_of([float(answers[question]) for answers in read])
            add_cells(self._by_unit.setdefault(unit, {}), cells)
            add_cells(self._by_question.setdefault((unit, question), {}), cells)
            self._answers += len(read)

    def report(self) -> dict[str, Json] | None:
        """Return the member `items` of judge_agreement.json; None if there is nothing to compare."""
        if not self._answers:
            return None
        units = sorted(self._by_unit)
        whole: Cells = {}
        for cells in self._by_unit.values():
            add_cells(whole, cells)
        interval = alpha_intervals([self._by_unit[unit] for unit in units], draws_for(len(units), SEED)).ordinal
        exact = {key: exact_share(cells) for key, cells in self._by_question.items()}
        apart = sorted(((share, key) for key, share in exact.items() if share is not None and share < 1))
        found = alpha(whole, ORDINAL)
        return {
            "questions": len(self._by_question),
            "answers": self._answers,
            "alpha": None if found is None else round(found, 4),
            "alpha_95": None if interval is None else [round(end, 4) for end in interval],
            "exact": round(exact_share(whole) or 0.0, 4),
            "listed": [
                {"challenge": unit, "item": question, "exact": round(share, 4)}
                for share, (unit, question) in apart[:MOST_LISTED]
            ],
        }


def items_text(found: Mapping[str, Json], shown: int) -> str:
    """Return the figures as a table, and the `shown` questions on which judgements differ most."""
    ends = found["alpha_95"]
    row = [
        str(found["questions"]), str(found["answers"]), number(found["alpha"]),
        "-" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}", f"{found['exact']:.0%}",
    ]  # fmt: skip
    heads = ["questions with yes or no", "answers", "alpha", "95 %", "equal"]
    lines: list[str] = [text_table(heads, [row], frozenset(range(5)))]
    lines += [f"  {one['challenge']}: {one['item']}, {one['exact']:.0%} equal" for one in found["listed"][:shown]]
    return "\n".join(lines)
