"""A run on this machine: what has to be there first, what the runner may see, and how it is stopped.

    preflight ─► folder ─► environment, secrecy ─► keeper (own process) ─► uv run evaluate_uv.py ─► results.json

POSIX only, as vLLM is. What watches processes that try to get away needs Linux; elsewhere their group is stopped.
"""
