"""Why an idiom is slower: times, counts, source and machine code side by side. Reads documents only."""
