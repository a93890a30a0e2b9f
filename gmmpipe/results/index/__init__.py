"""All versions of a project on one page, to be looked through and compared."""
