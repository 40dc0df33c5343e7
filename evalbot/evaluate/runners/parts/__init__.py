"""What the runner scripts are made of. Only the standard library and one another; an engine inside functions only."""
