"""A path in, events out: one module a format."""
