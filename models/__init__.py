"""The shipped spaCy model, the components it is made of, its training recipe and its card."""
