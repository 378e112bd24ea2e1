"""Runs over time: records that never change, where they are kept, and what a series of them says.

Must not measure.
"""
