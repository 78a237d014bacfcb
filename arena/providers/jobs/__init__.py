"""Services that work for hours: batches of requests, fine-tuning, deployments.

Belongs here: one client per service, over one REST client. Does not belong here: answers within a match (the files
next to this folder), the meaning of the data (analysis/dataset, families/<name>/dataset). Start with rest.py.
"""
