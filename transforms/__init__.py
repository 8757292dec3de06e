"""One verb per module: a pure function above, the Beam PTransform of the same name below it."""
