"""Where it is measured: facts, noise, what is installed.

Knows this machine, and must not judge what was measured on it.
"""
