"""The history of runs: records that never change, where they are kept, and what a series of them says."""
