"""The answer as text, as data and as a page."""
