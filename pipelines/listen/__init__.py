"""Listen: messages that keep arriving, committed batch by batch, acknowledged only then."""
