"""Mirrors the source folders. (A package, because a dependency installs a stray top-level `tests`.)"""
