"""Base against head in one process: two profiles, two revisions, or two folders of cases."""
