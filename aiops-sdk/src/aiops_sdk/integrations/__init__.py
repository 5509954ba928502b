"""Where events come from: one module per source, none knows its siblings, each ``install(client)`` returns its own undo."""
