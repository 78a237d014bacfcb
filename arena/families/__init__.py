"""Benchmark families behind one contract.

contract.py defines the interface of a family; each family is a folder with its data, play, scoring and mock models.
Does not belong here: anything that serves two families (play/, judging/, engine/). Start with contract.py.
"""
