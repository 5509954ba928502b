"""The durable log between the door and the digest: what is in it will not be lost."""
