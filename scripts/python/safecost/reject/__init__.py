"""What compilers reject: snippets compiled with and without one misuse. Must not know the runner, nor times."""
