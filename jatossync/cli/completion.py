"""`jatossync completion`: what makes a shell complete our commands, options and paths."""

from __future__ import annotations

import click

from jatossync.cli.completing import SHELLS, script


@click.command("completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
def command(shell: str) -> None:
    """Print what completes commands, options and paths by Tab; your shell is to read it.

    \b
    bash:  echo 'eval "$(jatossync completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(jatossync completion zsh)"' >> ~/.zshrc
    fish:  jatossync completion fish > ~/.config/fish/completions/jatossync.fish

    Paths that wait for your decision or lie in the trash are completed too. In zsh, `autoload -U
    compinit; compinit` has to stand before it.
    """
    click.echo(script(shell))
