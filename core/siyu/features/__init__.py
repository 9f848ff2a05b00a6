"""Features: numbers, days and words per member over windows of events, kept up to date by what changed."""
