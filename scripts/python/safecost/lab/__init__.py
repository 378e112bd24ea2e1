"""What examines the instrument itself: self-benchmark, isolation, pools, the tests.

May use every room, and none may use it.
"""
