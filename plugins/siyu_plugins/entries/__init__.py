"""Entries: where members and their events come in."""
