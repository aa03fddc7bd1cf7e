"""The network between caller and API: Toxiproxy's life, profiles, and proof that they are real.

The only room that knows Toxiproxy. It gives a session an address to connect to instead of the
API's, and says what the way through that address really costs. It does not know audio, turns
or WebSockets.
"""
