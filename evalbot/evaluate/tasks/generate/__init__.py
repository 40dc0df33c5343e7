"""Makes the catalogues anew from the pinned engines: `python -m evalbot.evaluate.tasks.generate`."""
