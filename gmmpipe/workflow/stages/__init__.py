"""The stages: a module for each of ``pipeline.STAGES``, whose function ``run`` does a job."""
