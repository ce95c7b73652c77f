"""What it costs and throttles, beside what else there is."""
