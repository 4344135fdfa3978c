"""The follower, its database, and the API."""
