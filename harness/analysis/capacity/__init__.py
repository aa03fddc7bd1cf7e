"""How many held calls a service carries within its objectives, and what that number is worth.

The search (`search`) asks for steps, each a run of so many held callers; a step becomes shares of
turns that miss an objective (`step`), after its warm-up was cut off (`steady_state`); the shares
become a limit with an interval (`limit`), and the way it is passed a knee or a cliff (`boundary`).
Beside it: what drifts in a long run (`drift`), what a spike breaks and how long it takes to recover
(`spike`). What the number is worth in calls an hour and instances is in `harness.analysis.sizing`.

Pure, like the rest of `analysis`: the caller runs the steps and hands in generators.
"""
