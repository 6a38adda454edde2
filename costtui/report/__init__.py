"""What every face shows: one picture of the host, joined from stored facts and pure analysis."""
