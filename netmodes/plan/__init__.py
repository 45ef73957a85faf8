"""The values that all else passes on: plans, networks, findings, reports; frozen, no I/O, JSON."""
