"""Starts programs: compilers, linkers, the runner, and all of them in a root of another Debian.

Knows how to build and call, and must not judge what comes back.
"""
