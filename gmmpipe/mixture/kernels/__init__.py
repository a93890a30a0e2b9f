"""The compiled engine, the only package that imports numba.

``engine`` is its face. What it compiles, from the top: ``advance`` (the EM loop), ``step`` (one
iteration by a ``team`` of threads) and ``mstep`` (covariances), once; ``chunks`` and ``passes``
(chunks and blocks of samples) on ``tiles`` and ``simd`` (vectors in registers), for each shape of
tiles in ``layout`` (where samples lie).
"""
