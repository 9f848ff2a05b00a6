"""Incentives: rewards with rules and a ledger."""
