"""Fault injection: every fault committed in every variant, and what became of it. Must not know times."""
