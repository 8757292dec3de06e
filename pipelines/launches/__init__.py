"""The launch ledger: how launches come in (command line, files, Pub/Sub, signed webhooks) and what counts."""
