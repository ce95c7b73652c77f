"""A comparison as a table, as data and as a page."""
