"""From the fits of a version to its tables, of which no process ever holds all rows.

``assess`` goes block by block and leaves a part of rows in scratch for each block and K, and in
memory a summary of each. From the summaries ``references`` says which fits win and how components
are numbered; ``merge`` then puts the parts in order and writes them.
"""
