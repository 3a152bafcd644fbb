"""Inference runtimes behind one shape: `engine.backends.runtime.make_runtime`."""
