"""The stations, in the order of an event's way: ingest, digest, watch; triage for what people do; prune."""
