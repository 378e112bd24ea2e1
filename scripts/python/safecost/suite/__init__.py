"""What is to be measured: cases, profiles, snippets, claims. Reads bench/, and must not build or run any of it."""
