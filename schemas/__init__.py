"""What a record is: pure data. Imports no Beam, no spaCy, no cloud client."""
