"""Starts programs: compilers, linkers, the runner.

Knows how to build and call, and must not judge what comes back.
"""
