"""What if: recorded load through the real decisions, against a model of a table."""
