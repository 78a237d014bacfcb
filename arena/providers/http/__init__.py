"""HTTP for providers and the Lambda carrier: connections, retries, reading replies.

transport.py is the entry: one request in, one response or a ServiceFault out. retry.py decides what is tried again.
Does not belong here: the shape of any API. Start with transport.py.
"""
