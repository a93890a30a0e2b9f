"""Commands on the versions of a project: which there are, what they are called, what may go."""

from argparse import ArgumentParser, Namespace

from gmmpipe.cli.command import FOLDER, Command, project
from gmmpipe.errors import one_line
from gmmpipe.store import layout
from gmmpipe.store.layout import MANIFEST, RESULTS


def _add_runs(runs: ArgumentParser) -> None:
    runs.description = (
        "List the versions of all experiments, the newest first: data, the settings in which"
        " versions of an experiment differ, the model of lowest BIC, size."
    )
    runs.add_argument("experiment", nargs="?", metavar="EXPERIMENT", help="only this one")
    runs.add_argument("--json", action="store_true", help="print all that is known, as JSON")
    runs.add_argument(
        "--html",
        action="store_true",
        help="write results/index.html again, which shows them with figures and compares them",
    )


def _runs(args: Namespace) -> int:
    if args.html:
        from gmmpipe.results.index.page import write_index

        print(write_index(project()))
        return 0
    from gmmpipe.results.versions import show

    show(project(), args.experiment, as_json=args.json)
    return 0


def _add_note(note: ArgumentParser) -> None:
    note.description = (
        "Give a version a name, by which commands find it in place of its digest, or a note. They"
        " are kept in note.json beside the manifest; an empty text removes one."
    )
    note.add_argument("folder", metavar="FOLDER", help=FOLDER)
    note.add_argument("text", nargs="?", metavar="TEXT", help="what to remember of it")
    note.add_argument("--name", metavar="NAME", help="e.g. baseline: results/<experiment>/baseline")


def _note(args: Namespace) -> int:
    from gmmpipe.results.index.page import rewrite_index
    from gmmpipe.store.manifest import version_folder
    from gmmpipe.store.notes import change_note

    folder = version_folder(args.folder)
    note, changed = change_note(folder, args.name, args.text)
    if changed and folder.parent.parent.name == RESULTS:
        rewrite_index(folder.parents[2])
    words = ", ".join(filter(None, note)) or "no note"
    print(f"{folder.parent.name}/{folder.name}: {words}")
    return 0


def _add_remove(remove: ArgumentParser) -> None:
    remove.description = (
        "List versions, and what of results/store only they need; with --yes move both to"
        " results/.replaced. What another version needs stays."
    )
    remove.add_argument("folders", nargs="+", metavar="FOLDER", help=FOLDER)
    remove.add_argument("--yes", action="store_true", help="move what is listed")


def _remove(args: Namespace) -> int:
    from gmmpipe.workflow.remove import remove

    remove(project(), args.folders, args.yes)
    return 0


def _add_clean(clean: ArgumentParser) -> None:
    clean.description = (
        "List the entries of results/store that no version refers to, or old versions; with --yes"
        " move them to results/.replaced. Or list what is there, which frees space when removed."
    )
    what = clean.add_mutually_exclusive_group(required=True)
    what.add_argument("--unused", action="store_true", help="entries that no version needs")
    what.add_argument(
        "--replaced",
        action="store_true",
        help="what was moved to results/.replaced; --yes removes it for good",
    )
    what.add_argument(
        "--keep",
        type=int,
        metavar="N",
        help="all versions but the N newest of each experiment, those with a name or a note, and"
        " `latest`, and what of the store only they need",
    )
    clean.add_argument("--yes", action="store_true", help="move, or remove, what is listed")


def _clean(args: Namespace) -> int:
    if args.unused or args.replaced:
        from gmmpipe.workflow.clean import clean, clean_replaced

        (clean if args.unused else clean_replaced)(project(), args.yes)
    else:
        from gmmpipe.workflow.remove import keep

        keep(project(), args.keep, args.yes)
    return 0


def _add_whence(whence: ArgumentParser) -> None:
    whence.description = "Say which version a figure is of, where its results are, and its command."
    whence.add_argument("file", metavar="FILE", help="a .png, .gif, .svg or .pdf file of gmmpipe")


def _whence(args: Namespace) -> int:
    from gmmpipe.figures.origin import read_origin

    origin = read_origin(args.file)
    folder = project() / layout.version(origin.experiment, origin.version)
    where = str(folder) if (folder / MANIFEST).is_file() else "not among the results of this folder"
    print(f"{origin.experiment} {origin.version}\n  results  {where}")
    print(f"  command  {one_line(origin.command) or 'not recorded'}")
    return 0


VERSION_COMMANDS: dict[str, Command] = {
    "runs": Command("list the versions of all experiments", _add_runs, _runs),
    "note": Command("give a version a name or a note", _add_note, _note),
    "whence": Command("say which version a figure is of", _add_whence, _whence),
    "remove": Command("take versions away", _add_remove, _remove),
    "clean": Command("take away what no version needs, or old versions", _add_clean, _clean),
}
