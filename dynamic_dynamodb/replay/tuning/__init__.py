"""Find the cheapest settings for recorded load, and advise what to do with each table."""
