"""Files made in code, with facts about their sender planted everywhere that such files keep them; no real photo is needed."""
