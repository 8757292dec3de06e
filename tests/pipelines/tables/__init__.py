"""Maintenance of the tables."""
