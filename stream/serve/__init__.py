"""Views over HTTP: a follower from Kafka into SQLite, and the API that reads it."""
