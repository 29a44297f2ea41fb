"""The harness of the tests: a private session, real and scripted authorization servers, a git server, a person with
git.
"""
