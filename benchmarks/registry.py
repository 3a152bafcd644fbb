"""The benchmarks, in the order of the report.  A new one is a file in `suites/` and a line here."""

from __future__ import annotations

from benchmarks.context import Benchmark
from benchmarks.suites import affinity, assignment, candidates, relay, selfie, serving, startup, training

BENCHMARKS = (
    Benchmark("selfie", "A selfie", selfie.run),
    Benchmark("relay", "A relayed message", relay.run),
    Benchmark("startup", "Cold start", startup.run),
    Benchmark("serving", "The running product", serving.run),
    Benchmark("training", "Serving while types are learned", training.run),
    Benchmark("assignment", "Assigning a newcomer to a type", assignment.run),
    Benchmark("affinity", "Partner types at ten million couples", affinity.run),
    Benchmark("candidates", "Candidates among a million members", candidates.run),
)
