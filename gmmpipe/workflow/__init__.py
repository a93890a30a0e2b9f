"""How a study is planned and run."""
