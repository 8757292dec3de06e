"""Rendering: an alert in the form of each place it is read in. Each escapes what customers wrote in its own way."""
