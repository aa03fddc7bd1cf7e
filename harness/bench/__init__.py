"""Every measurement of this instrument itself: `harness selfcheck`.

* engine: how many sessions a run under Locust holds, beside a straightforward client that says the
  same at the same times, and what Locust adds to the engine alone (`capacity`), with watchers that
  say when the machine itself paused (`host_watch`); measured minus true latency (`accuracy`);
  how exactly the audible-onset detector dates an onset (`onset_detector`).
* capacity: whether a search finds a limit that is known (`capacity_calibration`).
* dialects: how many sessions the engine holds in OpenAI's words and in Twilio's, whose frames are
  stamped for each call (`dialect_capacity`).
* gate: whether its statistics keep their promises on made-up runs (`gate_calibration`), whether it
  finds a change that was really made (`gate_end_to_end`), and how long it takes (`gate_speed`).
* simulator: how many sessions the simulator holds on one core (`simulator_capacity`).
* speech: what it takes to annotate, encode and cache recorded speech (`speech_cache`).
* stalls: how late a network's stalls are applied to many calls (`stall_updates`).
* tcp: the simulated TCP sender beside a kernel's own (`tcp_validation`), and through Toxiproxy
  (`proxy_validation`).

What is measured runs in processes of its own (`python -m harness.bench.…`: `engine_trial`,
`plain_client`, `null_server`, `simulator_sender`, `echo_server`, the steps of `speech_cache`, the
simulator, and Locust as `harness run` starts it), so that its cost can be told from the cost of
measuring. Null server and watchers become native programs (`native_program`) where there is a C
compiler. Two exceptions: `stall_updates` runs the engine in the process that asks, since its loop's
thread is what is measured, and `proxy_validation` sends from it, since late frames are left out by
name.

It may import every lower tier and, as a straightforward client would, `websockets` and `uvloop`.
`engine_trial`, `speech_cache` and `stall_updates` load the engine, and are imported by whoever runs
them; importing the package itself loads nothing. No product code
depends on it but commands, which read the last findings.
"""
