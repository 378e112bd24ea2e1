"""What tests share: sample documents, planted cases, commands. Only tests may use it."""
