"""Studies of the method: statistics, placement, gate, history, peers. Each renews the tables of a page in docs/."""
