"""Properties that hold whatever members do, judged by a plain model that shares no code with the program."""
