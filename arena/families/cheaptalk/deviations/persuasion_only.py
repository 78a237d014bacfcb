from arena.families.cheaptalk.deviations.deviation import Deviation, shows_nothing

DEVIATION = Deviation(
    "persuasion_only",
    "persuades by certainty, without evidence",
    "Persuade: state your assessment as beyond any doubt and urge the receiver to trust you. Show no evidence.",
    shows_nothing,
)
