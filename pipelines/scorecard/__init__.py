"""The scorecard as a program: which sections there are, what each needs, and the gold set, which needs the steps."""
