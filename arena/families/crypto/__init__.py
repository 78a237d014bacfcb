"""The crypto family: role agents settle an everyday situation with a real calculator.

family.py is the contract's implementation, setup.py builds it, data.py plans its trials; challenges/ reads and draws
challenges, checks/ judges mechanically, calibration/ tests judges, mock/ plays offline. Start with family.py.
"""
