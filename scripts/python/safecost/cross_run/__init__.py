"""Several runs side by side: where machines and toolchains agree. Reads documents only."""
