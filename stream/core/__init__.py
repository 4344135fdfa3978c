"""Values in, values out: what events mean. No clock, no JSON, no Kafka, nothing that waits."""
