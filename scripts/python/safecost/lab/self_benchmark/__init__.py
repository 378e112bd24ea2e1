"""The pace of safecost itself on this machine: how long it takes to start, build, verify, measure and report.

Runs the command as a user does, and must not know how it works inside.
"""
