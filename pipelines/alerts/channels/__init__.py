"""Channels: one file per service, each with what a routes file says of it and how it sends."""
