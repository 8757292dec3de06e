"""`make bench`: one command, one table. Ratios are taken within one run on one core, because machines are noisy."""
