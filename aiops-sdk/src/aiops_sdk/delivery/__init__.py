"""The way of an event out of the process: a bounded buffer, one thread, one kept-alive connection, and a folder for what waits."""
