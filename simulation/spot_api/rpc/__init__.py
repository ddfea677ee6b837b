"""How an RPC is served: header, clock, token, faults, log, and refusal of impossible values."""
