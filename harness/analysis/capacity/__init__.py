"""How many held calls a service carries within its objectives, and what that number is worth.

The search (`search`) asks for steps, each a run of so many held callers; a step becomes shares of
turns that miss an objective (`step`), after its warm-up was cut off (`steady_state`); the shares
become a limit with an interval (`limit`), and the way it is passed a knee or a cliff (`boundary`).
Beside it: what drifts in a long run (`drift`), what a spike breaks and how long it takes to recover
(`spike`), and sizing: Erlang's formula (`erlang`), the Universal Scalability Law (`scalability`), a
day's arrivals (`arrival_curve`), a fleet of instances (`fleet`) and its simulation (`fleet_model`).

Pure, like the rest of `analysis`: the caller runs the steps and hands in generators.
"""
