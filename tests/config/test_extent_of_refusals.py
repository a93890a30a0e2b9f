"""The catalogue as a whole.

`PYTHONPATH=tests .venv/bin/python tests/config/test_extent_of_refusals.py` prints it.
"""

import array_rows
import test_refusals as test_reader_refusals
import test_wrong_files as test_files
import test_wrong_settings as test_settings

ROWS = {
    "bytes of a data file": test_reader_refusals.BAD,
    "gmmpipe run --data FILE": test_files.FILES,
    "files of conf/": test_files.CONF,
    "gmmpipe run KEY=VALUE": test_settings.SETTINGS,
    "gmmpipe COMMAND": test_settings.COMMANDS,
    "data of em.fit and GaussianMixture": array_rows.DATA,
    "parameters of GaussianMixture": array_rows.PARAMETERS,
    "settings of em.fit": array_rows.SETTINGS,
    "starts of em.fit": array_rows.STARTS,
    "samples judged by a mixture": array_rows.FAR,
}


def test_there_are_rows_enough():
    assert sum(map(len, ROWS.values())) >= 400
    assert all(name.strip() for rows in ROWS.values() for name in rows)


def main():
    for enters, rows in ROWS.items():
        print(f"\n{enters} ({len(rows)})")
        for name, row in rows.items():
            outcome = row[-1] if isinstance(row, tuple) else "finite probabilities"
            print(f"  {name:<36} {outcome}")


if __name__ == "__main__":
    main()
