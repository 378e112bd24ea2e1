"""A run in the formats of other tools; docs/EXPORTS.md says what each keeps and what it loses.

Reads documents only.
"""
