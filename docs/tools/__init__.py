"""Tools that write parts of the documentation."""
