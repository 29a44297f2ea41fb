"""The authorization server that we did not write: django-oauth-toolkit on Django's own threaded HTTP server."""
