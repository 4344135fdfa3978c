"""What the promises about speed are measured with: ``python -m benchmarks``; see README.md."""
