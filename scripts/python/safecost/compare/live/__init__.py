"""Base against head timed in one process: profiles with one of them, two revisions, or two folders of cases.

The only part of compare that starts anything.
"""
