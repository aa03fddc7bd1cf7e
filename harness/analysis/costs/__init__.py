"""What a run cost: bills item by item, and what a reader learns from them.

`tokens` prices counts, `billing` collects the bills of a run, `account` adds them up; `rates` are
costs per minute, turn and call with the interval that sessions give.
"""
