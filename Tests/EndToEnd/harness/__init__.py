"""What the tests stand on: a private session, the real authorization server, a git server, a person with git."""
