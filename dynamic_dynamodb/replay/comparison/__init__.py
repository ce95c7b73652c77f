"""Cost and throttling of a configuration, compared with its alternatives."""
