"""The run document: its types, reading, checking, writing, and the rows that readers see.

Knows no file but its own, and must not know how a run is made or shown.
"""
