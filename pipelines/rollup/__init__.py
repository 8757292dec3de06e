"""Rollups: what the costly views say of a day, stored.

A rollup is a cache of a pure function. Its file is named by a fingerprint of everything its rows come from: the day's
files, the model whose scores are shown, the releases that versions are inferred from, and the SQL of the views. A
reader uses a file only where the fingerprint is that of its own snapshot, and computes the day itself where there is
none. So answers are the same with rollups, without them and while they are made, and making them twice changes nothing.
"""
