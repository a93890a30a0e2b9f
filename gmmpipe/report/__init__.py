"""The report: one HTML file that holds all it shows, opens offline and asks nothing of a network.

``contents`` gathers what is known of a version, ``page`` makes the file of it.
"""
