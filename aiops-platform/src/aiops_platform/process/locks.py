"""The names of the locks in the data folder: one for each kind of process that may be there only once."""

SERVE_LOCK = "serve.lock"
DOOR_LOCK = "door.lock"
WORK_LOCK = "work.lock"
ALL = (SERVE_LOCK, DOOR_LOCK, WORK_LOCK)
