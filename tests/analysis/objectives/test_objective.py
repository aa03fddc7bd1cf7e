from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.quantities import Attainment, CostPerMinute, Percentile


def test_an_objective_reads_as_one_would_say_it() -> None:
    where = (("network", "lte"), ("kind", "first"))
    slow = Objective(quantity=Percentile("voice_to_voice", 95), limit=1_500.0, where=where)
    assert str(slow) == "voice_to_voice P95 on lte, kind first at most 1500 ms"
    within = Objective(quantity=Attainment("voice_to_voice", 1_200.0), limit=0.95)
    assert str(within) == "voice_to_voice within 1200 ms at least 95.00%"
    assert str(Objective(quantity=CostPerMinute())) == "cost per minute"
