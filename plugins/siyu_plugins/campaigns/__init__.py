"""Campaigns: who is to be touched, when and with what."""
