"""From held calls to what a business needs: calls an hour, instances, a day, a million calls.

Erlang's formula (`erlang`), instances with one to lose (`fleet`), a day's arrivals
(`arrival_curve`), what the measured steps say of scaling beyond them (`scalability`), and the fleet
simulated call by call (`fleet_model`). Every figure states what it assumes; data that cannot bear
a fit is refused with the reason.
"""
