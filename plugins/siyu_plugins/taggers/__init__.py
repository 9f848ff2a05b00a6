"""Taggers: what is known of a member."""
