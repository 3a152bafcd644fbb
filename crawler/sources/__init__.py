"""Where pictures come from: one file a source, all of them behind `crawler.sources.base.Source`."""
