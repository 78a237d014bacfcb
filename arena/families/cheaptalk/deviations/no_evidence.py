from arena.families.cheaptalk.deviations.deviation import Deviation, shows_nothing

DEVIATION = Deviation(
    "no_evidence",
    "says what it believes, without evidence",
    "State the assessment that you believe in, but show no evidence: write `Evidence: none`.",
    shows_nothing,
)
