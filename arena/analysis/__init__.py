"""Everything after a run: pure functions of its files.

verify/ compare/ report/ exports/ rejudge/ leaderboard/ check/, one command each.
Does not belong here: playing, printing. Start with the folder named like the command.
"""
