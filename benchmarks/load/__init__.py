"""The whole system under load and faults: lost jobs, duplicates, wrong callbacks, and the sweeper's throughput."""
