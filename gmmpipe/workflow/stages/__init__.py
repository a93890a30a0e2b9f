"""The stages: one module, one rule, one function run(inputs, output, config, threads)."""
