"""Reliability over repetitions: pass@k, pass^k, and the sources of the variance of scores. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the chance that at least one of k plays succeeds, from c successes in n >= k plays, without bias.

    M. Chen et al., "Evaluating large language models trained on code" (2021), arXiv:2107.03374, section 2.1.
    """
    _check(n, c, k)
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Return the chance that all of k plays succeed, from c successes in n >= k plays, without bias.

    S. Yao et al., "tau-bench: a benchmark for tool-agent-user interaction in real-world domains" (2024),
    arXiv:2406.12045, section 3 (pass^k).
    """
    _check(n, c, k)
    return math.comb(c, k) / math.comb(n, k)


def _check(n: int, c: int, k: int) -> None:
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"{c} successes of {n}, k = {k}: needs 0 <= c <= n and 1 <= k <= n")


@dataclass(frozen=True, slots=True)
class PassRow:
    """pass@k and pass^k averaged over the `challenges` that have k outcomes or more; `left_out` have fewer."""

    k: int
    at: float
    hat: float
    challenges: int
    left_out: int


MOST_K = 10
"""Rows of pass@k and pass^k that are shown."""


def pass_rows(counts: Sequence[tuple[int, int]]) -> list[PassRow]:
    """Return a row for each k from 1 to the most outcomes of a challenge, at most MOST_K; `counts` has (outcomes,
    successes) by challenge."""
    rows = []
    for k in range(1, min(MOST_K, max((n for n, _ in counts), default=0)) + 1):
        used = [(n, c) for n, c in counts if n >= k]
        at, hat = _average(pass_at_k, used, k), _average(pass_hat_k, used, k)
        rows.append(PassRow(k, at, hat, len(used), len(counts) - len(used)))
    return rows


def _average(estimate: Callable[[int, int, int], float], counts: Sequence[tuple[int, int]], k: int) -> float:
    return math.fsum(estimate(n, c, k) for n, c in counts) / len(counts)


@dataclass(slots=True)
class NestedSums:
    """Running sums for the variance split: values (judgements) in matches in challenges, added match by match.

    It keeps five numbers and one small tuple per challenge, so that one pass can split a run of any size.
    """

    values: int = 0
    matches: int = 0
    squares: float = 0.0
    match_squares: float = 0.0
    """Sum over matches of (sum of its values)^2 / number of its values."""
    counts_squared: int = 0
    """Sum over matches of the squared number of values."""
    challenges: dict[str, tuple[int, float, int, int]] = field(default_factory=dict)
    """Challenge -> number of values, their sum, number of matches, sum of squared numbers of values of its matches."""

    def add(self, challenge: str, values: Sequence[float]) -> None:
        """Add one match with its values, one for each judgement; nothing without any."""
        if not values:
            return
        n, total = len(values), sum(values)
        self.values += n
        self.matches += 1
        self.squares += sum(value * value for value in values)
        self.match_squares += total * total / n
        self.counts_squared += n * n
        had, before, matches, squared = self.challenges.get(challenge, (0, 0.0, 0, 0))
        self.challenges[challenge] = (had + n, before + total, matches + 1, squared + n * n)

    def add_challenge(self, challenge: str, n: int, total: float, squares: float) -> None:
        """Add all matches of a challenge at once, each with one value: their number, sum and sum of squares."""
        self.values += n
        self.matches += n
        self.squares += squares
        self.match_squares += squares
        self.counts_squared += n
        self.challenges[challenge] = (n, total, n, n)


@dataclass(frozen=True, slots=True)
class Components:
    """Variances that add up to that of one judgement of one match; None if the data cannot separate them.

    `challenge`: between challenges.  `repetition`: between plays of a challenge (without repeated judgements it
    includes the judge's noise; without repetitions None).  `judge`: between judgements of one match; None without any.
    `cut`: the components whose estimate was below 0 and was set to 0.
    `challenges`, `repetitions`, `judgements`: how many there were, the latter two on average.
    """

    challenge: float | None
    repetition: float | None
    judge: float | None
    cut: tuple[str, ...]
    challenges: int
    repetitions: float
    judgements: float

    def standard_error(self, challenges: float = 1, repetitions: float = 1, judgements: float = 1) -> float | None:
        """Return the standard error of the mean with the challenges, repetitions and judgements multiplied by these
        factors."""
        if self.challenge is None or self.repetition is None:
            return None
        a, r, k = self.challenges * challenges, self.repetitions * repetitions, self.judgements * judgements
        return math.sqrt(self.challenge / a + self.repetition / (a * r) + (self.judge or 0.0) / (a * r * k))


def components(sums: NestedSums) -> Components:
    """Return the variance components of unbalanced nested data by the ANOVA method (Henderson's method 1).

    S. R. Searle, G. Casella and C. E. McCulloch, "Variance Components" (1992), sections 3.6 (one way) and 5.3
    (expected mean squares from sums of squares of any design); the coefficients for nested data are those of
    R. R. Sokal and F. J. Rohlf, "Biometry" (1995), box 10.6.
    """
    table = sums.challenges
    a, b, n = len(table), sums.matches, sums.values
    if a < 2:
        return Components(None, None, None, (), a, b / max(1, a), n / max(1, b))
    grand = sum(total for _, total, _, _ in table.values())
    challenge_squares = sum(total * total / count for count, total, _, _ in table.values())
    ss_challenge = challenge_squares - grand * grand / n
    ss_match = sums.match_squares - challenge_squares
    ss_judge = sums.squares - sums.match_squares
    judged, repeated = n > b, b > a
    # Expected mean squares: matches within challenges s_j + n1 s_r; challenges s_j + n2 s_r + n3 s_c.
    inner = sum(squared / count for count, _, _, squared in table.values())
    n3 = (n - sum(count * count for count, _, _, _ in table.values()) / n) / (a - 1)
    n2 = (inner - sums.counts_squared / n) / (a - 1)
    cut: list[str] = []
    judge = _at_least_zero(ss_judge / (n - b), "judge", cut) if judged else None
    if not repeated:
        return Components(None, None, judge, tuple(cut), a, b / a, n / b)
    n1 = (n - inner) / (b - a)
    raw_repetition = (ss_match / (b - a) - (judge or 0.0)) / n1
    repetition = _at_least_zero(raw_repetition, "repetition", cut)
    challenge = (ss_challenge / (a - 1) - (judge or 0.0) - n2 * raw_repetition) / n3
    return Components(_at_least_zero(challenge, "challenge", cut), repetition, judge, tuple(cut), a, b / a, n / b)


def _at_least_zero(value: float, name: str, cut: list[str]) -> float:
    if value < 0:
        # Sums of squares of equal values differ from 0 by rounding alone.
        if value < -1e-12:
            cut.append(name)
        return 0.0
    return value


class Nouns(NamedTuple):
    """The words for a unit (singular, plural) and its trials."""

    unit: str = "unit"
    units: str = "units"
    trials: str = "trials"


NOUNS = Nouns()


def advice(found: Components, twice: Mapping[str, float | None], nouns: Nouns = NOUNS) -> str:
    """Return in plain words where the next run is best spent; `twice` as `doubled` gives it."""
    now = found.standard_error()
    if now is None:
        return f"play each {nouns.unit} twice or more: one repetition cannot tell chance from the {nouns.unit}"
    if now == 0:
        return "all scores are equal: nothing to gain by more of the same"
    parts = {
        "challenges": (found.challenge or 0.0) / found.challenges,
        "repetitions": (found.repetition or 0.0) / (found.challenges * found.repetitions),
        "judgements": (found.judge or 0.0) / (found.challenges * found.repetitions * found.judgements),
    }
    largest = max(parts, key=lambda name: parts[name])
    share = parts[largest] / math.fsum(parts.values())
    what = {
        "challenges": f"more {nouns.units}: more repetitions or judgements of these can take away only the rest",
        "repetitions": f"more plays, as repetitions or as further {nouns.units}: what differs is chance from play to"
        " play",
        "judgements": f"more judgements of the same {nouns.trials} (arena rejudge): no player is called for them",
    }[largest]
    return f"{what} ({share:.0%} of the error of the mean; {_said(now, twice, nouns)})"


def doubled(found: Components) -> dict[str, float | None]:
    """Return the standard error of the mean with twice the challenges, the repetitions, the judgements."""
    return {
        "challenges": found.standard_error(challenges=2),
        "repetitions": found.standard_error(repetitions=2),
        "judgements": None if found.judge is None else found.standard_error(judgements=2),
    }


def _said(now: float, twice: Mapping[str, float | None], nouns: Nouns) -> str:
    said = {"challenges": nouns.units}
    then = ", ".join(
        f"{value:.3f} with twice the {said.get(name, name)}" for name, value in twice.items() if value is not None
    )
    return f"standard error {now:.3f} now, {then}"
