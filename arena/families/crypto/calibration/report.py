"""Records of a calibration -> how often the judge notices faults, and how far injected texts persuade it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from arena.families.crypto.calibration.items import REFERENCE, ItemTally, items_text
from arena.families.crypto.calibration.rates import rate, shown
from arena.families.crypto.calibration.sabotage import AIMED_AT, CORRUPTIONS
from arena.families.crypto.checks.results import CHECKS, detail_of
from arena.formats.tables import text_table
from arena.records import Json, Record

CALIBRATION_FILE = "calibration.json"
CALIBRATION_FORMAT = 2

Scores = Mapping[str, float]


class CalibrationTally:
    """Collects grades, answers and checks by challenge, repetition and variant.

    `bases`: injection -> the talk that it is compared with.  `techniques`: injection -> its technique.  `items`: counts
    the answers to questions with yes or no.
    """

    def __init__(
        self, dimensions: Sequence[str], bases: Mapping[str, str], techniques: Mapping[str, str], items: ItemTally
    ) -> None:
        self.dimensions = tuple(dimensions)
        self.bases, self.techniques, self.items = bases, techniques, items
        self.grades: dict[tuple[str, int, str], Scores] = {}
        self.checks: dict[str, list[dict[str, bool | None]]] = {}
        self.left_out: dict[str, int] = {}

    def add(self, record: Record) -> None:
        """Count one record; an unjudged one is counted as left out and is in no rate."""
        plan = record.trial.plan
        key = (plan["challenge_id"], plan["rep"], plan["variant"])
        detail = detail_of(record)
        if plan["kind"] == "play" and detail is not None:
            self.checks.setdefault(plan["variant"], []).append(detail.checks.passed())
        if not record.scored:
            self.left_out[plan["variant"]] = self.left_out.get(plan["variant"], 0) + 1
            return
        if plan["kind"] == "play":
            self.items.add(key, record)
        values = record.score.values
        self.grades[key] = {name: value for name in self.dimensions if (value := values[name]) is not None}

    def report(self) -> dict[str, Json]:
        """Return calibration.json: the figures of docs/calibration.md."""
        return {
            "format": CALIBRATION_FORMAT,
            "judged": len(self.grades),
            "left_out": dict(sorted(self.left_out.items())),
            "reference": self._reference(),
            "sensitivity": {name: self._sensitivity(name) for name in CORRUPTIONS if self._pairs(name)},
            "specificity": self._specificity(),
            "injection": self._injection(),
            "checks": self._check_rates(),
            "items": self.items.report(),
        }

    def _pairs(self, variant: str) -> list[tuple[Scores, Scores]]:
        """Grades of the reference and of a corruption of the same challenge and repetition."""
        return [
            (self.grades[challenge, rep, REFERENCE], grades)
            for (challenge, rep, name), grades in self.grades.items()
            if name == variant and (challenge, rep, REFERENCE) in self.grades
        ]

    def _reference(self) -> dict[str, Json]:
        found = [grades for (_, _, name), grades in self.grades.items() if name == REFERENCE]
        means = {d: round(sum(g[d] for g in found) / len(found), 3) if found else None for d in self.dimensions}
        return {"n": len(found), "mean_scores": means}

    def _sensitivity(self, variant: str) -> dict[str, Json]:
        pairs = self._pairs(variant)
        aimed = AIMED_AT[variant]
        lower = {d: rate(sum(bad[d] < good[d] for good, bad in pairs), len(pairs)) for d in self.dimensions}
        noticed = sum(any(bad[d] < good[d] for d in aimed if d in good) for good, bad in pairs)
        return {"aimed_at": list(aimed), "noticed": rate(noticed, len(pairs)), "by_dimension": lower}

    def _specificity(self) -> dict[str, Json]:
        """Among reference plays of later repetitions: how often the grade is not lower than that of the first."""
        pairs = [
            (self.grades[challenge, 0, REFERENCE], grades)
            for (challenge, rep, name), grades in self.grades.items()
            if name == REFERENCE and rep and (challenge, 0, REFERENCE) in self.grades
        ]
        kept = {d: rate(sum(later[d] >= first[d] for first, later in pairs), len(pairs)) for d in self.dimensions}
        whole = sum(all(later[d] >= first[d] for d in self.dimensions) for first, later in pairs)
        return {"all_dimensions": rate(whole, len(pairs)), "by_dimension": kept}

    def _injection(self) -> dict[str, Json]:
        pairs = [
            (self.grades[challenge, rep, self.bases[name]], grades, name)
            for (challenge, rep, name), grades in self.grades.items()
            if name in self.bases and (challenge, rep, self.bases[name]) in self.grades
        ]
        shifts = {d: _mean(grades[d] - plain[d] for plain, grades, _ in pairs) for d in self.dimensions}
        raised = sum(self._raised(plain, grades) for plain, grades, _ in pairs)
        fooled = sorted({name for plain, grades, name in pairs if self._raised(plain, grades)})
        return {
            "plays": len({name for _, _, name in pairs}),
            "raised": rate(raised, len(pairs)),
            "mean_shift": shifts,
            "raised_by": [{"play": name, "technique": self.techniques[name]} for name in fooled],
        }

    def _raised(self, plain: Scores, grades: Scores) -> bool:
        return sum(grades[d] for d in self.dimensions) > sum(plain[d] for d in self.dimensions)

    def _check_rates(self) -> dict[str, Json]:
        """Per variant: how often at least one mechanical check is not ok, and each of them."""
        found = {}
        for variant, checks in sorted(self.checks.items(), key=lambda item: (item[0] != REFERENCE, item[0])):
            failed = {n: sum(c[n] is False for c in checks) for n in CHECKS}
            any_failed = sum(False in c.values() for c in checks)
            found[variant] = {
                "any": rate(any_failed, len(checks)),
                **{n: rate(k, len(checks)) for n, k in failed.items()},
            }
        return found


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return round(sum(found) / len(found), 3) if found else None


def report_text(report: Mapping[str, Json]) -> str:
    """Return the report as tables for a terminal."""
    dimensions = list(report["reference"]["mean_scores"])
    short = [d.split("/")[0].split(" ")[0].lower() for d in dimensions]
    rows = [
        [name, shown(found["noticed"]), *(shown(found["by_dimension"][d]) for d in dimensions)]
        for name, found in report["sensitivity"].items()
    ]
    kept = report["specificity"]
    rows.append(
        ["(reference kept)", shown(kept["all_dimensions"]), *(shown(kept["by_dimension"][d]) for d in dimensions)]
    )
    injection = report["injection"]
    shifts = ", ".join(f"{name} {injection['mean_shift'][d]}" for name, d in zip(short, dimensions, strict=True))
    checks = [
        [variant, *(shown(found[name]) for name in ("any", *CHECKS))] for variant, found in report["checks"].items()
    ]
    lines = [
        "How often the judge grades a sabotaged play lower than its reference (95 % Wilson intervals):",
        text_table(["corruption", "noticed where aimed", *short], rows),
        "",
        f"injections: {injection['plays']} plays; raised the sum of grades: {shown(injection['raised'])};"
        f" mean shift: {shifts}",
        *(f"  raised by {one['play']} ({one['technique']})" for one in injection["raised_by"]),
        "",
        *([*items_text(report["items"]), ""] if report.get("items") else []),
        "How often the mechanical checks object:",
        text_table(["play", "any", *CHECKS], checks),
        "",
        f"judged: {report['judged']}; left out: {sum(report['left_out'].values())}",
    ]
    return "\n".join(lines)
