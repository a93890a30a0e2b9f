"""Commands that are no part of a run: for each its options, then what it does.

A new one is two functions and a line in ``COMMANDS``. Nothing heavy is imported before one runs.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from gmmpipe.cli.command import FOLDER, Command
from gmmpipe.cli.version_commands import VERSION_COMMANDS
from gmmpipe.errors import InputError, suggest
from gmmpipe.store.terminal import print_data


def _add_replay(replay: ArgumentParser) -> None:
    replay.description = (
        "Run stored fits again in another implementation of EM, from the same start, and compare"
        " every iteration. Exit code 0 where all agree, 1 where one does not."
    )
    replay.add_argument("folder", metavar="FOLDER", help=FOLDER)
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
    replay.add_argument(
        "--iterations", type=int, metavar="N", help="maximum iterations of each fit"
    )
    replay.add_argument(
        "-o", "--output", metavar="FILE", help=".csv or .parquet file for a row per iteration"
    )


def _replay(args: Namespace) -> int:
    from gmmpipe.results.replay import replay

    agree = replay.run(args.folder, args.engine, args.cell, args.iterations, args.output)
    return 0 if agree else 1


def _add_json(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="JSON, a row an object"
    )


def _add_table(table: ArgumentParser) -> None:
    table.description = (
        "Print a table of a version, names escaped: winner for weight, mean and standard deviation"
        " of each component of the selected model, or one of its files. LaTeX needs"
        " \\usepackage{booktabs}."
    )
    table.add_argument("name", metavar="NAME", help="winner, best, fits, labels, certificates ...")
    table.add_argument("folder", metavar="FOLDER", help=FOLDER)
    table.add_argument(
        "--format", default="text", help="text (default), markdown, latex, html, or csv (exact)"
    )
    _add_json(table)
    table.add_argument(
        "--columns",
        metavar="A,B,...",
        help="columns to print, in this order (default: a readable selection; csv: all)",
    )
    table.add_argument(
        "--cell",
        action="append",
        default=[],
        metavar="KEY=VALUE,...",
        help="of winner and labels: another model or run, e.g. k=3,covariance=tied,iteration=10",
    )
    table.add_argument(
        "--where", action="append", default=[], metavar="KEY=VALUE,...", help="only these rows"
    )
    table.add_argument(
        "--sort", metavar="A,B,...", help="columns to sort by; a minus for falling: --sort=-bic"
    )
    table.add_argument("--heads", action="store_true", help="columns in words, with units")
    table.add_argument(
        "--caption",
        nargs="?",
        const="",
        metavar="TEXT",
        help="text above it; without TEXT a sentence on what it shows",
    )
    table.add_argument(
        "--normalised", action="store_true", help="of winner: in the units of the fit, e.g. minmax"
    )
    table.add_argument(
        "--probabilities",
        action="store_true",
        help="of labels: the probability of each component too",
    )
    table.add_argument("--rows", type=int, metavar="N", help="maximum number of rows")
    table.add_argument(
        "--digits", type=int, default=3, metavar="N", help="decimals (default 3; csv: all)"
    )
    table.add_argument("-o", "--output", metavar="FILE", help="file to write instead")


def _table(args: Namespace) -> int:
    from gmmpipe.results.choice import parsed
    from gmmpipe.store import artifacts
    from gmmpipe.workflow.experiment import load

    text = load(args.folder).typeset(
        args.name,
        args.format,
        columns=args.columns.split(",") if args.columns else None,
        rows=args.rows,
        digits=args.digits,
        caption=args.caption,
        cell=dict(parsed("--cell", args.cell)),
        where=dict(parsed("--where", args.where)),
        sort=args.sort.split(",") if args.sort else (),
        heads=args.heads,
        normalised=args.normalised,
        probabilities=args.probabilities,
    )
    if args.output:
        artifacts.write(args.output, text)
    else:
        print_data(text)
    return 0


def _add_compare(compare: ArgumentParser) -> None:
    compare.description = (
        "What changed from one version to another, in configuration, data, code and environment,"
        " and which numbers moved. The sweeps may differ: what they share is compared."
    )
    compare.add_argument("before", metavar="BEFORE", help="results/<experiment>/<version>")
    compare.add_argument("after", metavar="AFTER", help="another, or results/<experiment>/latest")
    compare.add_argument("--format", default="text", help="text (default), markdown or csv")
    _add_json(compare)
    compare.add_argument(
        "-o", "--output", metavar="FILE", help=".html for a page, or .md, .csv, .txt"
    )


def _compare(args: Namespace) -> int:
    from gmmpipe.results.compare import comparison

    comparison.run(args.before, args.after, args.format, args.output)
    return 0


def _add_figure(figure: ArgumentParser) -> None:
    figure.description = (
        "Draw one figure of a finished version again: another fit, other features, width, language"
        " or format. The version is not changed. Prints the files written."
    )
    figure.add_argument("name", metavar="NAME", help="a figure of `gmmpipe list`, e.g. clusters")
    figure.add_argument("folder", metavar="FOLDER", help=FOLDER)
    figure.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        default=".",
        help="a .png, .svg, .pdf or .gif file, or a folder for all formats (default: this one)",
    )
    figure.add_argument("--dataset", metavar="NAME", help="only this data set (default: each)")
    figure.add_argument(
        "--cell",
        action="append",
        default=[],
        metavar="KEY=VALUE,...",
        help="another fit than the selected one, e.g. k=3,covariance=VEV,seed=1,iteration=10",
    )
    figure.add_argument("--columns", metavar="A,B,...", help="only these features (default: all)")
    figure.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="figures.KEY=VALUE",
        help="a setting of figures for this drawing, e.g. figures.sigmas=[2]",
    )
    figure.add_argument("--dpi", type=int, metavar="N", help="pixels to the inch of PNG and GIF")
    figure.add_argument("--width", metavar="WIDTH", help="column (85 mm) or page (180 mm)")
    figure.add_argument("--language", metavar="LANGUAGE", help="en or zh")


def _figure(args: Namespace) -> int:
    from gmmpipe.cli.figure import redraw
    from gmmpipe.config.compose import parse
    from gmmpipe.figures.redraw import Shown
    from gmmpipe.results.choice import parsed

    settings = {"width": args.width, "language": args.language, "dpi": args.dpi}
    for text in args.set:
        key, value = parse(text)
        if not key.startswith("figures."):
            raise InputError(f"--set {text}: give a setting of figures, e.g. figures.sigmas=[2]")
        settings[key.removeprefix("figures.")] = value
    cell = dict(parsed("--cell", args.cell))
    if args.dataset is not None:
        cell["dataset"] = args.dataset
    shown = Shown(cell, args.columns.split(",") if args.columns else ())
    for path in redraw(args.name, args.folder, args.output, shown, settings):
        print(path)
    return 0


def _add_verify(verify: ArgumentParser) -> None:
    verify.description = (
        "Check that every input and artifact of a version is what its manifest says, and that"
        " nothing is missing or extra. Exit code 0 if all is well, else 1; wrong files are named."
    )
    verify.add_argument("folder", metavar="FOLDER", help=FOLDER)
    verify.add_argument("--json", action="store_true", help="print what was found as JSON")
    verify.add_argument(
        "--rerun",
        action="store_true",
        help="then make the version again in another folder and compare: bytes if machine and"
        " libraries are those of the manifest, else numbers to 1e-9",
    )
    verify.add_argument("--cores", default="all", metavar="N", help="cores for --rerun")


def _verify(args: Namespace) -> int:
    from gmmpipe.workflow.verify import Version, verify

    if args.rerun and args.json:
        raise InputError("--json is of the check alone; leave it out with --rerun")
    version = Version(args.folder)
    if not verify(version, as_json=args.json):
        return 1
    if args.rerun:
        from gmmpipe.workflow.rerun import rerun

        return 0 if rerun(version, args.cores) else 1
    return 0


def _add_export(export: ArgumentParser) -> None:
    export.description = (
        "Write a version with all that it needs, to be sent or kept: every command reads it where"
        " it is unpacked. Labels are in it as CSV too, parameters as JSON, and the inputs. Or write"
        " it for an archive."
    )
    export.add_argument("folder", metavar="FOLDER", help=FOLDER)
    export.add_argument(
        "--to",
        default="bundle",
        metavar="KIND",
        help="bundle (default), or ro-crate: a Workflow Run RO-Crate, without data and inputs",
    )
    export.add_argument(
        "-o", "--output", required=True, metavar="PATH", help="a .zip file, or a new folder"
    )


def _export(args: Namespace) -> int:
    from gmmpipe.workflow import bundle, ro_crate
    from gmmpipe.workflow.verify import Version

    version = Version(args.folder)
    left_out: list[str] = []
    if args.to == "bundle":
        count, left_out = bundle.export(version, args.output)
    elif args.to == "ro-crate":
        count = ro_crate.export(version, args.output)
    else:
        raise InputError(suggest("--to", args.to, ["bundle", "ro-crate"]))
    print(f"{count} files in {args.output}")
    for path in left_out:
        print(f"{path}: lost, or changed since; left out, the results are whole")
    return 0


def _add_init(init: ArgumentParser) -> None:
    init.description = (
        "Write gmmpipe's Snakefile, conf/, profiles/ and data/ into a folder, to be edited. A"
        " project needs none of them: a file that it has goes before that of gmmpipe."
    )
    init.add_argument("folder", nargs="?", default=".", metavar="DIR", help="default: this one")


def _init(args: Namespace) -> int:
    from gmmpipe.store.packaged import write_out

    for path in write_out(Path(args.folder)):
        print(path)
    return 0


COMMANDS: dict[str, Command] = {
    "init": Command("write gmmpipe's settings and rules out to be edited", _add_init, _init),
    "replay": Command("run stored fits again in another engine", _add_replay, _replay),
    "table": Command("print a table for a paper or a page", _add_table, _table),
    "compare": Command("say what changed between two versions", _add_compare, _compare),
    "figure": Command("draw one figure of a finished run again", _add_figure, _figure),
    "verify": Command("check a version against its manifest", _add_verify, _verify),
    "export": Command("write a version with all that it needs", _add_export, _export),
    **VERSION_COMMANDS,
}
