"""A run in progress, reported to other programs, each through its own library, an extra.

Exporters receive the records as the run's files do, once a second and off the audio thread. A label
or an attribute is a name of the scenario or of this project: nothing that a server says, no
address.
"""
