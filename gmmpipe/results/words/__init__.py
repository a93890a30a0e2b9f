"""Words of figures and reports, in English and Chinese."""
