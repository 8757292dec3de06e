"""Tests of the programs that look after the tables."""
