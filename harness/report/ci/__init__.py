"""A gate's verdict for people and for CI systems: views of one report, which compute nothing."""
