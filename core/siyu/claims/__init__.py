"""The one writer of grants: each claim is decided once, in the order of the store."""
