"""Faust workers: fetch a batch, fold it, commit it as one transaction."""
