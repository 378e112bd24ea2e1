"""Ground floor: text, files, paths, processes, pages.

Knows the project's folders, and must not know what a benchmark is.
"""
