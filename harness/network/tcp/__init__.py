"""Packet loss over TCP as delay: when each message of a voice stream arrives.

Pure: a seeded model of one thin TCP stream (sender, receiver, loss process) turns a network
profile into delivery times, and those into stalls. It does not know Toxiproxy, which carries the
stalls out.
"""
