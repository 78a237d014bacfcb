"""Commands of the predecessor under their names: each is a few lines around `arena risk`.

docs/risk.md lists all of them. Does not belong here: anything that `arena risk` cannot do itself.
"""
