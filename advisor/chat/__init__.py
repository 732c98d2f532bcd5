"""Where model answers come from: one protocol, two implementations (a local model, an endpoint).

Nothing outside this folder knows which of the two answered.
"""
