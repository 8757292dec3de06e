"""The tables as a database: one verb a file. Each may run beside listeners, readers and any other of them."""
