"""The store: schema, transactions in domain verbs, and reads. SQL stays in here."""
