"""The compiled engine, the only package that imports numba.

``engine`` is its face. What it compiles, from the top: ``advance`` (the EM loop, whose phases a
``team`` of threads shares), ``step`` (what an iteration is made of) and ``mstep`` (covariances),
once; ``chunks``, ``passes``, ``moments`` and ``pruning`` (blocks of samples) on ``tiles``
and ``simd`` (vectors in registers), for each shape of tiles in ``layout`` (where samples lie).
"""
