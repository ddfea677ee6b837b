"""Robot commands: judged, carried out slot by slot, reported on."""
