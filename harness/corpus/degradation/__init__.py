"""Speech under degraded conditions: telephone codecs, noise, reverberation, microphones."""
