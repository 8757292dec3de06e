"""What would change if another model's scores were shown: two models side by side on the same people. Reads only."""
