"""Reads a brand's folder of TOML, structures it, and places every error in it."""
