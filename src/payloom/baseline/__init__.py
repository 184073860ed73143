"""The baseline model: features to scores, honestly split, measured with intervals; plain files, no tracking server."""
