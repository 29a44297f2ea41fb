"""A server of the Model Context Protocol that keeps notes, with the authorization server that its SDK brings along."""
