"""A community that never was: who is in it, what they say, and how a thread goes."""
