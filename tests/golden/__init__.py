"""Small inputs and what the whole graph makes of them, kept in files."""
