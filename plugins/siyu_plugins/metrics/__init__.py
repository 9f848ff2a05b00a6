"""Metrics: what came of it, in numbers."""
