"""Contents: what a touch can say."""
