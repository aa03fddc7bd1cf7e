"""Carriers, with harness in their place: it dials the application and plays what that sends."""
