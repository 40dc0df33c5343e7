"""Running evaluations ourselves: what is asked for, what it needs and costs, where it runs, and what came of it.

    tasks ─┐
    hardware ─┴─ plan ──► local, jobs ──► runners (own processes, own environments) ──► results ──► scores

Nothing here imports an engine: lighteval, inspect-ai and vLLM live in environments that uv makes for the runners.
"""
