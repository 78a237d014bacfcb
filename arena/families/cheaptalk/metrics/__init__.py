"""What episodes say about a protocol, as pure functions of typed rows.

episodes.py has the row, pairs.py pairs deviations with honesty, gains.py the table of gains with its certificate;
rates.py, messages.py, temptation.py, order.py and sensitivity.py answer one question each, published_claims.py tests
what the predecessor claims. seed_fields.py and seeds.py write its names, for one seed and over several.
Does not belong here: reading runs, formatting. Start with gains.py.
"""
