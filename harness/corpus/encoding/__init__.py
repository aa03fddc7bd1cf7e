"""Utterances in an API's audio format, cut into frames and cached by content."""
