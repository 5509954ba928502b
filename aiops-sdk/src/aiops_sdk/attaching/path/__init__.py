"""The folder that ``aiops-sdk run`` puts on the path of the programs that it starts."""
