from arena.families.cheaptalk.deviations.deviation import Deviation, Moment


def acts(moment: Moment) -> str:
    """Always a lie; only the sender's name differs."""
    return "lie"


DEVIATION = Deviation(
    "whitewash", "lies, and takes a new name after it was slashed", acts=acts, by_reputation=True, renames=True
)
