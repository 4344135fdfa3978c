"""The only place that knows aiokafka: topics, publishing, following, the embedded broker."""
