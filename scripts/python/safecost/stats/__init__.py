"""Numbers in, numbers out: intervals, tests, rates, frontiers.

Knows statistics, and must not know where a number is from.
"""
