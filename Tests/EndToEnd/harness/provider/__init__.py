"""An authorization server that others wrote: django-oauth-toolkit on Django's own threaded HTTP server."""
