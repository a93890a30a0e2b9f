"""Tables made of the tables of cells: data frames in, data frames out, no files.

``fits``, ``best`` and ``parameters`` have the columns of the written tables; a case is a data
set at an outer point of the sweep, and ``outer`` names the columns of that point.
"""
