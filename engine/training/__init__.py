"""Learning what the product ships; the only part of the project that may import torch."""
