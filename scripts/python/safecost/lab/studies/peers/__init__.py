"""Other tools beside safecost on the same functions: how each is had, asked and read.

It must not know the pages that its table is put into.
"""
