"""Scores → bytes: the card's front matter, its model-index, and edits that touch nothing else. Pure: no network."""
