"""Alerts: keep them, and tell people."""
