"""The report of one product: measures from the views, statistics, charts, the HTML page and the terminal summary.

What each number means: docs/report.md.
"""
