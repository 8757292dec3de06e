"""Google Cloud Pub/Sub: names, connections, refusals; setting it up and publishing into it."""
