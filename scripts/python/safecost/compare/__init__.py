"""Base against head: rows, limits, and the gate that decides. Reads documents; only live/ measures."""
