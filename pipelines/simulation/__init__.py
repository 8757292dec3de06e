"""A SIMULATION of one product's feedback: what is said, by whom, when, and what goes wrong on the way.

Nothing here comes from real people. The product (`Parcelbird`) does not exist, the sentences are a small grammar
(phrases.yaml), and all personal data lies in ranges reserved for examples and tests.
"""
