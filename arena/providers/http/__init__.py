"""HTTP for providers and the Lambda carrier: connections, retries, reading replies.

transport.py is the entry: one request in, one response or a ServiceFault out. retry.py decides whether to try again.
Does not belong here: the format of any API. Start with transport.py.
"""
