"""Two runs in one report: significant differences, challenge by challenge, and shared matches side by side.

section.py writes the section, plots.py draws, pages.py writes the pages with two transcripts. The figures are those of
`arena compare` (arena/analysis/compare). Does not belong here: the report of a single run. Start with section.py.
"""
