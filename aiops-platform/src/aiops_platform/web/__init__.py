"""People come in: pages rendered on the server, kept fresh by a revision number."""
