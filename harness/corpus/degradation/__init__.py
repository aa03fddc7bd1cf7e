"""Speech under degraded conditions: telephone lines, noise, rooms, microphones."""
