"""Toxiproxy: obtaining the server, its life, its proxies and toxics, and changes during calls.

The only package that speaks Toxiproxy's API. The client library makes and removes proxies; changes
during calls go over connections of our own on the engine's loop, which the library cannot do.
"""
