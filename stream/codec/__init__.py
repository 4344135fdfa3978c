"""JSON in, JSON out: the only package that knows how values look as bytes."""
