"""A server of the Model Context Protocol that keeps notes, with the authorization server of its SDK."""
