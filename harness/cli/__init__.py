"""The commands: one file each, composing the packages below and choosing the exit code.

The only composition root. Nothing is measured or decided here. Locust patches the whole process
when imported, so no command imports it; `harness run` starts it as a process of its own.
"""
