"""The experiments: experiment files, the milestones of the predecessor, the defaults of each subcommand.

Does not belong here: how an episode is played (family.py, protocols/). Start with experiment.py (a file, typed), then
settings_of_experiment.py (a file as settings), milestones.py and presets.py.
"""
