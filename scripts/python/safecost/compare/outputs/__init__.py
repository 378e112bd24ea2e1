"""A comparison for each of its readers: terminal, Markdown, JSON, JUnit, GitHub.

Must not judge: the gate has decided.
"""
