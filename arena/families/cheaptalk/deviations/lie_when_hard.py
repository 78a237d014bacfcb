from arena.families.cheaptalk.deviations.deviation import Deviation, Moment


def acts(moment: Moment) -> str:
    """A lie about hard claims, else honest."""
    return "lie" if moment.difficulty == "hard" else "honest"


DEVIATION = Deviation("lie_when_hard", "lies about hard claims only", acts=acts, by_difficulty=True)
