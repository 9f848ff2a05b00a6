"""Why somebody got a message, or did not: as it was known when it was decided, for a colleague and for the customer."""
