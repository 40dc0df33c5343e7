"""What a model needs to run, where it fits, and what that costs.

    the Hub's facts ─► shape ─► size ─► memory ─┐
    the Hub's hardware list ─► flavors ─────────┴─► fit (choose) ─► cost

Sizes are in bytes, with GB of 10^9; money is Decimal US dollars. Only `machine` looks at the computer it runs on.
"""
