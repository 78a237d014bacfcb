"""Metrics of a protocol from its episodes, as pure functions of typed rows.

episodes.py has the row, pairs.py pairs deviations with honesty, gains.py the table of gains with its certificate;
rates.py, messages.py, temptation.py, order.py and sensitivity.py answer one question each, published_claims.py tests
the predecessor's claims. seed_fields.py and seeds.py write its names, for one seed and over several.
Does not belong here: reading runs, formatting. Start with gains.py.
"""
