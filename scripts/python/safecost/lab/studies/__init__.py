"""Studies of the method: statistics, placement, gate, history. Each renews the tables of a page in docs/."""
