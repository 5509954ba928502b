"""Ways to tell people, a file each: what a provider wants to be told, and what its answers mean. None knows another one."""
