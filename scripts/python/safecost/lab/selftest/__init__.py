"""`safecost selftest`: how far this machine's numbers can be trusted, found by measuring what is known beforehand.

Speaks of this machine and of the method, and must not judge an idiom.
"""
