from arena.families.cheaptalk.deviations.deviation import Deviation, Moment


def acts(moment: Moment) -> str:
    """Honest until the reputation is above the limit, then a lie."""
    return "lie" if moment.reputation > moment.milk_above else "honest"


DEVIATION = Deviation("milk", "honest until its reputation is good, then lies", acts=acts, by_reputation=True)
