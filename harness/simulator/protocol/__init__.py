"""The session as the API documents it: configuration, conversation, order of events, refusals."""
