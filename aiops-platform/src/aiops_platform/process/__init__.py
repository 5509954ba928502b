"""What every process of ours needs from the machine: a lock on the folder, a lifeline, sockets, log lines."""
