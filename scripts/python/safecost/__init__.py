"""safecost: what memory safety costs in C++, and what it buys. A folder is a room; docs/DESIGN.md draws the house."""
