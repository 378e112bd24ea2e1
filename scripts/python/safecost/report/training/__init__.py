"""What profile-guided builds change: prices, cheapest idioms and the cost of checks, computed and in words.

Reads documents only, and must not know how a page looks.
"""
