"""Threadline: archived discussions replayed as event streams, served as live views."""

from __future__ import annotations

__version__ = "0.1.0"
