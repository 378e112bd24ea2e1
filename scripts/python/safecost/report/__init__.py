"""One run for readers: table, page, Markdown, charts, findings. Reads documents only, and must not start anything."""
