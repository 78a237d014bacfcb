"""What episodes say about a protocol, as pure functions of typed rows.

episodes.py has the row, pairs.py pairs deviations with honesty, gains.py the table of gains with its certificate;
rates.py, messages.py, temptation.py, order.py and sensitivity.py answer one question each, seed_fields.py writes the
predecessor's names, seeds.py sums up over seeds. Does not belong here: reading runs, formatting. Start with gains.py.
"""
