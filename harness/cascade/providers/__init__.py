"""The services behind the agent: speech to text, language models, text to speech."""
