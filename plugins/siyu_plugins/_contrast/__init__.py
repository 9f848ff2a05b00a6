"""What sets one group of members apart from the others; shared by a tagger and a metric."""
