"""Hands touches to channels, and records what the providers say."""
