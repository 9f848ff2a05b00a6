"""Advice: what is allowed, but has failed others; said by ``siyu check`` after the errors."""
