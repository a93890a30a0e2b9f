"""The command line: parser, dispatch to the commands, exit codes."""

import argparse
import io
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

import gmmpipe
from gmmpipe.cli.command import project
from gmmpipe.cli.commands import COMMANDS
from gmmpipe.data.user_file import OPTIONS, declare, file_options, paths
from gmmpipe.errors import InputError, Obstacle, advice, explain, one_line, suggest
from gmmpipe.store.integrity import MADE_BY
from gmmpipe.store.jobs import from_json
from gmmpipe.store.names import refuse_library_settings
from gmmpipe.store.open_files import destination
from gmmpipe.store.terminal import print_data, print_json, printing
from gmmpipe.workflow.pipeline import STAGES, Stage
from gmmpipe.workflow.process_groups import interruptible
from gmmpipe.workflow.threads import pin_threads


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 2 when the user's input is wrong, 1 otherwise."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    own_arguments, snakemake = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        own_arguments, snakemake = arguments[:cut], arguments[cut + 1 :]
    with printing(lasting=own_arguments[:1] == ["run"]):
        try:
            with interruptible():
                code = int(_dispatch(_parsed(own_arguments), snakemake))
                sys.stdout.flush()
                return code
        except BrokenPipeError:  # the reader of our output left, e.g. `| head`
            return 1
        except (Exception, KeyboardInterrupt) as error:
            if (line := explain(error)) is None:
                raise
            print(line[0], file=sys.stderr)
            return line[1]


class Once(argparse.Action):
    """Stores the value of an option, and refuses a second one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store a value; an error for a second one."""
        seen = namespace.__dict__.setdefault("seen", set())
        if option_string is not None and self.dest in seen:
            parser.error(f"{option_string} is given twice; give it once")
        seen.add(self.dest)
        setattr(namespace, self.dest, values)


class PrintVersion(argparse.Action):
    """Prints the version, which is looked up only then, and ends the command."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, nargs=0)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version."""
        print(f"gmmpipe {gmmpipe.__version__}")
        parser.exit()


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line, like all others, and that completes no options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)
        self.register("action", None, Once)

    def error(self, message: str) -> NoReturn:
        """Raise InputError: the usage lines argparse would print are in --help."""
        raise InputError(f"{message}; see `{self.prog} --help`")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments; overrides may stand before, between and after options."""
    if arguments and (gone := advice(f"gmmpipe {arguments[0]}")):
        raise InputError(gone)
    args, rest = make_parser().parse_known_args(arguments)
    if len(rest) == 1 and getattr(args, "text", "") is None:  # of note, behind an option
        args.text = None if rest[0].startswith("-") else rest.pop()
    unknown = [text for text in rest if text.startswith("-") or not hasattr(args, "overrides")]
    if unknown:
        raise InputError(f"unrecognized arguments: {' '.join(unknown)}; {_remedy(args, rest)}")
    if rest:
        args.overrides = [*args.overrides, *rest]
    return args


def _remedy(args: argparse.Namespace, rest: Sequence[str]) -> str:
    """Return what to do about arguments that no command has, some of the rest."""
    if not hasattr(args, "overrides"):
        return "see `gmmpipe --help`"
    from difflib import get_close_matches

    option = next(text for text in rest if text.startswith("-")).partition("=")[0]
    known = [f"--{name}" for name in (*OPTIONS, "quiet")]
    if option.startswith("--") and (near := get_close_matches(option, known, n=1)):
        return f"did you mean {near[0]}?"
    words = [text for text in (*rest, *args.overrides) if text[0] == "-" or "=" not in text]
    typed = shlex.join(words)
    return f"options of Snakemake come after --: `gmmpipe run -- {typed}`"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="gmmpipe", description="Gaussian mixtures by EM as a reproducible experiment pipeline."
    )
    parser.add_argument("--version", action=PrintVersion, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    run = commands.add_parser(
        "run",
        help="run an experiment from data to report",
        description="Run an experiment. What is up to date is not done again.",
        epilog="After --: options of Snakemake, e.g. `gmmpipe run -- -n` shows what would run.",
    )
    show = commands.add_parser("show", help="print the composed, checked configuration")
    for configured in (run, show):
        configured.add_argument(
            "overrides", nargs="*", help="experiment=NAME and settings, e.g. sweep.k=1..4"
        )
        declare(configured)
    run.add_argument("--quiet", action="store_true", help="print only what goes wrong")
    listing = commands.add_parser(
        "list", help="print data sets, families, starts, metrics, experiments, keys of fit"
    )
    listing.add_argument("kind", nargs="?", metavar="KIND", help="only these, e.g. dataset, start")
    for printed in (show, listing):
        printed.add_argument("--json", action="store_true", help="print as JSON, for programs")
    for name, command in COMMANDS.items():
        command.options(commands.add_parser(name, help=command.purpose))
    for stage in STAGES.values():
        purpose = stage.purpose
        _declare_stage(
            commands.add_parser(
                stage.name, help=f"stage: {purpose}", description=purpose.capitalize()
            ),
            stage,
        )
    return parser


def _declare_stage(parser: argparse.ArgumentParser, stage: Stage) -> None:
    parser.add_argument("inputs", nargs=stage.several or 1, metavar="INPUT", help="file to read")
    parser.add_argument("-o", "--output", required=True, help="file or folder to write")
    parser.add_argument(
        "--config", default="{}", metavar="JSON", help="parameters as JSON, or a .json file"
    )
    if stage.name == "fit":
        parser.add_argument(
            "--engine", default="{}", metavar="JSON", help="engine for the passes over the data"
        )
    parser.add_argument("--code", metavar="DIGEST", help="refuse to run other code than this")
    parser.add_argument("--benchmark", metavar="FILE", help="write there what the job took")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads to use")


def _dispatch(args: argparse.Namespace, snakemake: Sequence[str]) -> int:
    if snakemake and args.command != "run":
        raise InputError("options after -- go to Snakemake, so they belong to `gmmpipe run` only")
    pin_threads()
    refuse_library_settings()
    os.environ.pop(MADE_BY, None)  # whatever that was, it does not make what is written here
    if getattr(args, "output", None) and args.command != "publish":  # which moves the link itself
        args.output = destination(args.output)
        if args.command in COMMANDS:
            from gmmpipe.store.manifest import refuse_output

            refuse_output(args.output)
    if args.command in STAGES:
        return _stage(args)
    if args.command in COMMANDS:
        return COMMANDS[args.command].run(args)
    root = project()
    if args.command == "list":
        return _list(root, args.kind, as_json=args.json)
    user_files = file_options(root, vars(args))
    if args.command == "show":
        import yaml

        from gmmpipe.config import load as config
        from gmmpipe.workflow.inputs import how_read

        composed = config.load(root / "conf", args.overrides, user_files)
        if args.json:
            print_json(composed)
            return 0
        print_data(yaml.safe_dump(composed, sort_keys=False, allow_unicode=True))
        for line in how_read(root, composed, paths(user_files)):
            print(f"# {line}")
        return 0
    from gmmpipe.workflow.run import run

    with redirect_stdout(io.StringIO()) if args.quiet else nullcontext():
        return run(root, args.overrides, user_files, snakemake)


def _stage(args: argparse.Namespace) -> int:
    from importlib import import_module

    from gmmpipe.store import lock
    from gmmpipe.workflow.benchmark import write_benchmark
    from gmmpipe.workflow.code_digest import source_digest
    from gmmpipe.workflow.environment import maker

    begin = time.perf_counter()
    lock.follow()
    if args.threads < 1:
        raise InputError(f"--threads is {args.threads}; give 1 or more")
    parameters = _parameters(args)
    module = import_module(f"gmmpipe.workflow.stages.{args.command}")
    before = set(sys.modules)
    if args.code is not None:
        os.environ[MADE_BY] = maker(module.__name__)
        _refuse_other_code(json.loads(os.environ[MADE_BY])["code"], args.code)
    module.run(args.inputs, args.output, **parameters, threads=args.threads)
    imported = any(name.startswith("gmmpipe.") for name in sys.modules.keys() - before)
    if args.code is not None and imported:  # meanwhile, so that may be newer
        _refuse_other_code(source_digest(module.__name__), args.code)
    if args.benchmark:
        write_benchmark(args.benchmark, time.perf_counter() - begin)
    return 0


def _refuse_other_code(code: str, wanted: str) -> None:
    if code != wanted:
        raise Obstacle(
            "gmmpipe's code changed during this run; finished jobs are kept, run the same"
            " command to continue with the new code"
        )


def _parameters(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of a stage besides its files: `job`, if it takes one, and `engine`."""
    from gmmpipe.store import artifacts

    if args.config.endswith(".json"):
        config = artifacts.read_json(args.config)
    else:
        config = artifacts.parse_json(args.config, "--config, which is no .json file either")
    if not isinstance(config, dict):
        raise InputError(f"--config is {config!r}; give a JSON object")
    kind = STAGES[args.command].job
    parameters: dict[str, Any] = {"job": from_json(kind, config, "--config")} if kind else {}
    if args.command == "fit":
        parameters["engine"] = artifacts.parse_json(args.engine, "--engine")
    return parameters


def _list(root: Path, kind: str | None = None, *, as_json: bool = False) -> int:
    from gmmpipe.config import load as config

    choices = config.choices(root / "conf")
    if kind is not None and kind not in choices:
        raise InputError(suggest("KIND", kind, list(choices)))
    choices = choices if kind is None else {kind: choices[kind]}
    if as_json:
        print_json(choices)
        return 0
    for group, entries in choices.items():
        print(f"{group}:")
        lines = {one_line(name): one_line(purpose) for name, purpose in entries.items()}
        width = max(map(len, lines), default=0)
        for name, purpose in lines.items():
            print(f"  {name:<{width}}  {purpose}".rstrip())
    return 0
