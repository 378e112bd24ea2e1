"""Base against head timed in one process: two profiles, two revisions, or two folders of cases.

The only part of compare that starts anything.
"""
