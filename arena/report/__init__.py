"""The report: records -> one self-contained HTML page, SVG figures, and transcripts beside it. Floor F4."""
