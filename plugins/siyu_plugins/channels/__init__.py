"""Channels: how a touch is delivered, and what comes back."""
