"""Stored fits run again in another implementation of EM, iteration by iteration."""
