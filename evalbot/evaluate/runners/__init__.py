"""The scripts that run beside the model, and the parts they are made of.

`*_uv.py` are complete files: `uv run` and `hf jobs uv run` take them as they are, and they import nothing of evalbot.
They are made from `parts` by `make runners`; edit the parts, never the scripts.
"""
