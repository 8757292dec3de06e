"""Programs that look after the tables."""
