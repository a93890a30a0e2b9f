"""The command line: thin, quick to answer, and with an exit code for each kind of ending."""

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from gmmpipe.errors import InputError, told
from gmmpipe.pinning import pin_threads

STAGES = {
    "generate": "read or generate one data set",
    "normalise": "normalise one data set",
    "fit": "fit one block of mixtures by EM",
    "evaluate": "turn the fits of a plan into tables",
    "bootstrap": "refit one block of resampled data",
    "combine": "combine the bootstrap of a plan into tables",
    "figures": "draw the figures of a plan",
    "report": "bind figures and tables of a plan into one HTML file",
    "publish": "write the manifest of a plan and point `latest` at it",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 2 when the user's input is wrong, 1 otherwise."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    ours, snakemake = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        ours, snakemake = arguments[:cut], arguments[cut + 1 :]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of any script, whatever the locale can show
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(_dispatch(_parsed(ours), snakemake))
    except BrokenPipeError:  # the reader of our output left, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Exception, KeyboardInterrupt) as error:
        if (line := told(error)) is None:
            raise
        print(line[0], file=sys.stderr)
        return line[1]


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line, like all others, and that completes no options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise InputError: the usage lines argparse would print are in --help."""
        raise InputError(f"{message}; see `{self.prog} --help`")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments; overrides may stand before, between and after options."""
    args, rest = _parser().parse_known_args(arguments)
    odd = [text for text in rest if text.startswith("-") or not hasattr(args, "overrides")]
    if odd:
        raise InputError(f"unrecognized arguments: {' '.join(odd)}; see `gmmpipe --help`")
    if rest:
        args.overrides = [*args.overrides, *rest]
    return args


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="gmmpipe", description="Gaussian mixtures by EM as a reproducible experiment pipeline."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    run = commands.add_parser(
        "run",
        help="run an experiment from data to report",
        description="Run an experiment. What is up to date is not done again.",
        epilog="After --: options of Snakemake, e.g. `gmmpipe run -- -n` shows what would run.",
    )
    show = commands.add_parser("show", help="print the composed, checked configuration")
    for command in (run, show):
        command.add_argument(
            "overrides", nargs="*", help="experiment=NAME and settings, e.g. sweep.k=1..4"
        )
        command.add_argument("--data", metavar="FILE", help="your own file as the data set")
        command.add_argument("--label", metavar="COLUMN", help="column of --data with known groups")
        command.add_argument("--weight", metavar="COLUMN", help="column of --data: row weights")
        command.add_argument("--columns", metavar="A,B", help="columns of --data to use")
    commands.add_parser("list", help="print data sets, families, starts, metrics, experiments")
    _add_replay(commands.add_parser("replay", help="run stored fits again in another engine"))
    _add_table(commands.add_parser("table", help="print a table for a paper or a page"))
    _add_compare(commands.add_parser("compare", help="say what changed between two versions"))
    _add_figure(commands.add_parser("figure", help="draw one figure of a finished run again"))
    _add_verify(commands.add_parser("verify", help="check a version against its manifest"))
    _add_clean(commands.add_parser("clean", help="remove what no version needs"))
    _add_convert(commands.add_parser("convert", help="make a text file a .npy file to be mapped"))
    for name, purpose in STAGES.items():
        stage = commands.add_parser(
            name, help=f"stage: {purpose}", description=purpose.capitalize()
        )
        number = {"generate": "*", "fit": "+", "bootstrap": "+"}.get(name, 1)
        stage.add_argument("inputs", nargs=number, metavar="INPUT", help="file to read")
        stage.add_argument("-o", "--output", required=True, help="file or folder to write")
        stage.add_argument(
            "--config", default="{}", metavar="JSON", help="parameters as JSON, or a .json file"
        )
        stage.add_argument("--threads", type=int, default=1, metavar="N", help="threads to use")
    return parser


def _add_replay(replay: argparse.ArgumentParser) -> None:
    replay.description = (
        "Run stored fits again in another implementation of EM, from the same start, and compare"
        " every iteration. Exit code 0 where all agree, 1 where one does not."
    )
    replay.add_argument("folder", metavar="FOLDER", help="results/<experiment>/latest or a version")
    replay.add_argument(
        "--engine",
        default="numpy",
        metavar="NAME",
        help="numpy (default), scikit-learn, or mclust through Rscript",
    )
    replay.add_argument(
        "--cell",
        action="append",
        default=[],
        metavar="KEY=VALUE,...",
        help="which fits, by key columns of fits.csv, e.g. dataset=iris,k=3; a key given twice"
        " means either value (default: the selected model of each data set)",
    )
    replay.add_argument("--iterations", type=int, metavar="N", help="at most so many of each fit")
    replay.add_argument(
        "-o", "--output", metavar="FILE", help=".csv or .parquet file for a row per iteration"
    )


def _add_table(table: argparse.ArgumentParser) -> None:
    table.description = (
        "Print a table of a version, names escaped. LaTeX needs \\usepackage{booktabs}."
    )
    table.add_argument("name", metavar="NAME", help="best, fits, certificates, parameters ...")
    table.add_argument("folder", metavar="FOLDER", help="results/<experiment>/latest or a version")
    table.add_argument(
        "--format", default="text", help="text (default), markdown, latex, html, or csv (exact)"
    )
    table.add_argument(
        "--columns",
        metavar="A,B,...",
        help="which, in this order (default: those that a person reads; of csv all)",
    )
    table.add_argument("--rows", type=int, metavar="N", help="at most so many")
    table.add_argument(
        "--digits", type=int, default=3, metavar="N", help="decimals (default 3), not of csv"
    )
    table.add_argument("-o", "--output", metavar="FILE", help="file to write instead")


def _add_compare(compare: argparse.ArgumentParser) -> None:
    compare.description = (
        "What changed from one version to another, in configuration, data, code and environment,"
        " and which numbers moved. Versions of any sweeps: what they share is compared."
    )
    compare.add_argument("before", metavar="BEFORE", help="results/<experiment>/<version>")
    compare.add_argument("after", metavar="AFTER", help="another, or results/<experiment>/latest")
    compare.add_argument("--format", default="text", help="text (default), markdown or csv")
    compare.add_argument(
        "-o", "--output", metavar="FILE", help=".html for a page, or .md, .csv, .txt"
    )


def _add_figure(figure: argparse.ArgumentParser) -> None:
    figure.description = (
        "Draw one figure of a finished version again, in another width, language or format;"
        " nothing is run and nothing in the version is touched. Prints the files written."
    )
    figure.add_argument("name", metavar="NAME", help="a figure of `gmmpipe list`, e.g. clusters")
    figure.add_argument("folder", metavar="FOLDER", help="results/<experiment>/latest or a version")
    figure.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="a .png, .svg, .pdf or .gif file, or a folder for all formats (default: this one)",
    )
    figure.add_argument("--dataset", metavar="NAME", help="only this data set (default: each)")
    figure.add_argument("--width", metavar="WIDTH", help="column (85 mm) or page (180 mm)")
    figure.add_argument("--language", metavar="LANGUAGE", help="en or zh")


def _add_verify(verify: argparse.ArgumentParser) -> None:
    verify.description = (
        "Check that every input and artifact of a version is what its manifest says, and that"
        " nothing is missing or extra. Exit code 0 where all is well, else 1, each file named."
    )
    verify.add_argument("folder", metavar="FOLDER", help="results/<experiment>/latest or a version")
    verify.add_argument(
        "--rerun",
        action="store_true",
        help="then make it again from the manifest, elsewhere, and compare: bytes where machine and"
        " libraries are those of the manifest, else numbers to 1e-9",
    )
    verify.add_argument("--cores", default="all", metavar="N", help="cores for --rerun")


def _add_clean(clean: argparse.ArgumentParser) -> None:
    clean.description = (
        "List the entries of results/store that no version refers to. To be rid of a version,"
        " remove its folder first."
    )
    clean.add_argument("--unused", action="store_true", required=True, help="what to look for")
    clean.add_argument("--yes", action="store_true", help="remove what is listed")


def _add_convert(convert: argparse.ArgumentParser) -> None:
    convert.description = (
        "Read a text file, perhaps .gz, block by block and write its numbers as a .npy file that"
        " gmmpipe.numerics.em.fit maps into memory."
    )
    convert.add_argument("source", metavar="FILE", help="text to read")
    convert.add_argument("-o", "--output", required=True, metavar="FILE.npy", help="file to write")
    convert.add_argument("--columns", metavar="A,B", help="columns to keep; all by default")


def _dispatch(args: argparse.Namespace, snakemake: Sequence[str]) -> int:
    if snakemake and args.command != "run":
        raise InputError("options after -- go to Snakemake, so they belong to `gmmpipe run` only")
    pin_threads()
    if args.command in STAGES:
        return _stage(args)
    if args.command in READERS:
        return READERS[args.command](args)
    root = _project()
    if args.command == "list":
        return _list(root)
    from gmmpipe.own import own_file

    own = own_file(root, vars(args))
    if args.command == "show":
        import yaml

        from gmmpipe import config

        composed = config.load(root / "conf", args.overrides, own)
        print(yaml.safe_dump(composed, sort_keys=False, allow_unicode=True), end="")
        return 0
    from gmmpipe.launch import launch

    return launch(root, args.overrides, own, snakemake)


def _replay(args: argparse.Namespace) -> int:
    from gmmpipe import replay

    agree = replay.run(args.folder, args.engine, args.cell, args.iterations, args.output)
    return 0 if agree else 1


def _compare(args: argparse.Namespace) -> int:
    from gmmpipe import comparison

    comparison.run(args.before, args.after, args.format, args.output)
    return 0


def _figure(args: argparse.Namespace) -> int:
    from gmmpipe.redraw import redraw

    taste = {"width": args.width, "language": args.language}
    for path in redraw(args.name, args.folder, args.output, args.dataset, taste):
        print(path)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from gmmpipe.verify import Version, verify

    version = Version(args.folder)
    if not verify(version):
        return 1
    if args.rerun:
        from gmmpipe.rerun import rerun

        return 0 if rerun(version, args.cores) else 1
    return 0


def _clean(args: argparse.Namespace) -> int:
    from gmmpipe.clean import clean

    clean(_project(), args.yes)
    return 0


def _convert(args: argparse.Namespace) -> int:
    from gmmpipe.convert import convert

    columns = tuple(args.columns.split(",")) if args.columns else None
    print(f"{convert(args.source, args.output, columns):,} rows in {args.output}")
    return 0


def _stage(args: argparse.Namespace) -> int:
    from importlib import import_module

    from gmmpipe import artifacts, guard

    guard.follow()
    if args.threads < 1:
        raise InputError(f"--threads is {args.threads}; give 1 or more")
    if args.config.endswith(".json"):
        config = artifacts.read_json(args.config)
    else:
        config = artifacts.parse_json(args.config, "--config, which is no .json file either")
    if not isinstance(config, dict):
        raise InputError(f"--config is {config!r}; give a JSON object")
    stage = import_module(f"gmmpipe.stages.{args.command}")
    for key in getattr(stage, "KEYS", ()):
        if key not in config:
            raise InputError(f"gmmpipe {args.command}: --config lacks the key {key!r}")
    stage.run(args.inputs, args.output, config, args.threads)
    return 0


def _table(args: argparse.Namespace) -> int:
    from gmmpipe import artifacts
    from gmmpipe.experiment import load

    columns = args.columns.split(",") if args.columns else None
    text = load(args.folder).typeset(
        args.name, args.format, columns=columns, rows=args.rows, digits=args.digits
    )
    if args.output:
        artifacts.write(args.output, text)
    else:
        print(text, end="")
    return 0


def _list(root: Path) -> int:
    from gmmpipe import config

    for group, entries in config.choices(root / "conf").items():
        print(f"{group}:")
        width = max(map(len, entries), default=0)
        for name, purpose in entries.items():
            print(f"  {name:<{width}}  {purpose}".rstrip())
    return 0


def _project() -> Path:
    """Return the folder with the Snakefile: this one or the nearest above."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Snakefile").is_file() and (folder / "conf").is_dir():
            return folder
    raise InputError(f"no Snakefile and conf/ in {here} or above; change into a gmmpipe project")


# commands that are no part of a run
READERS = {
    "replay": _replay,
    "compare": _compare,
    "table": _table,
    "figure": _figure,
    "verify": _verify,
    "clean": _clean,
    "convert": _convert,
}
