"""Reads machine code and debug information. Knows bytes and symbols, and must not know times."""
