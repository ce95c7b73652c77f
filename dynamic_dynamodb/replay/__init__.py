"""Record load, and replay it through the real decisions against a model of DynamoDB."""
