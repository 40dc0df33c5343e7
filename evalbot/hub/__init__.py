"""The Hub: read a card with the commit it was read at, list open pull requests, propose.

Importing this package imports huggingface_hub (0.3 s): import it where it is used.
"""

import os

# Read by huggingface_hub when it is imported. With telemetry on, its first call would fetch a registry of agent names
# from its default host, whatever Hub is configured.
for _name in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_PROGRESS_BARS"):
    os.environ.setdefault(_name, "1")
