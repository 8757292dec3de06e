"""Backtest: what a watch of the past would have told, against incidents that people know of.

- `incidents`: the list of what happened, and of what must not alert
- `replay`: the hours of the tables, one after the other, as a watch would have judged them
- `judge`: which incidents were found, how soon, and what else was told
- `picture`: one episode, hour by hour
"""
