"""One check: discover, fetch, decide, update, report."""
