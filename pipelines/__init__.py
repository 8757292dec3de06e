"""Programs a person runs: wiring and choice of input and output only."""
