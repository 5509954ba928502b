"""Machines come in: reports straight behind the server, and a JSON API for what the pages show and do."""
