"""The findings of a cheap-talk run: statistics over its episodes, as JSON, as lines, as panels of the report.

Reading order: cell.py (one protocol and who plays it), run.py (all cells together), as_json.py (summary.json),
facts.py (fact groups of the contract), lines.py (the end of a run), panels.py (the report page).
"""
