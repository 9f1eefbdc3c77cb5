"""How fast promptkit is beside what its users would write or take instead; `python -m benchmarks`.

Every figure is a ratio of two sides that were measured in turn, in one run, on one machine. What is measured,
and how, is told in `docs/explanation/performance.md`.
"""
