"""`safecost selftest`: how far this machine's numbers can be trusted, found by measuring what is known beforehand."""
