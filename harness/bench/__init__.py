"""What this machine and this instrument are good for, measured: `harness selfcheck`.

Three questions, each with a number: how many sessions the audio engine holds here, next to a
straightforward client on the same machine in the same minutes; how far measured latencies are from
the truth of the simulator; how exactly the audible-onset detector dates an onset. A fourth, asked
for apart: how many sessions the simulator itself holds. Everything
measured runs in processes of its own, so this room imports neither the engine nor the
simulator; it may use `websockets` and `uvloop`, because the straightforward client and the server
that both clients talk to are here.
"""

from harness.bench.findings import AccuracyFinding, CapacityFinding, DetectorFinding, Findings
from harness.bench.last_check import as_bytes, recall, remember
from harness.bench.selfcheck import check
from harness.bench.simulator_capacity import ServerFinding, ServerFindings, ServerRow, check_server

__all__ = [
    "AccuracyFinding",
    "CapacityFinding",
    "DetectorFinding",
    "Findings",
    "ServerFinding",
    "ServerFindings",
    "ServerRow",
    "as_bytes",
    "check",
    "check_server",
    "recall",
    "remember",
]
