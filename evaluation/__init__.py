"""Quality figures on labelled photographs: `make eval`."""
