"""The comparison as text, as data and as a page."""
