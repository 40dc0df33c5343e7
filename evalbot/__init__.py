"""evalbot puts evaluation results into Hugging Face model cards, truthfully, by pull request."""

__version__ = "0.1.0"
