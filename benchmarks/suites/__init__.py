"""One file a benchmark; `benchmarks/registry.py` lists them."""
