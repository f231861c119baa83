"""Pictures of every state of a site, at several widths, in light and dark: `make screenshots`."""
