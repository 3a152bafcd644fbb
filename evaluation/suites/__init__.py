"""One file an evaluation; `evaluation/registry.py` lists them."""
