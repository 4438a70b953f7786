"""
Which paths take part: ignore rules with git's semantics, and the quarantine (design.md, "Rules").

Ignored is what nobody wants on the server; a later `!` takes it back, but not what lies below an
ignored directory, as in git. Quarantined is what may be secret: no `!` lifts that, `publish:` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jatossync.core.globs import Glob, Globs
from jatossync.core.paths import ROOT, RelPath, parents
from jatossync.core.secrets import TokenFinder

IGNORE_FILE = ".jatosignore"

_OWN = {
    IGNORE_FILE: "jatossync's own list of what to ignore",
    "jatossync.yaml": "a configuration of jatossync",
}
"""What lies in a study folder for jatossync alone: nothing to tell a person about."""

BUILT_IN = (
    *(".git", ".svn/", ".hg/", ".jj/"),
    *(".DS_Store", "._*", ".Spotlight-V100/", ".Trashes/", ".fseventsd/", ".TemporaryItems/"),
    *("Thumbs.db", "[Dd]esktop.ini", "$RECYCLE.BIN/", "System Volume Information/"),
    *(".directory", ".Trash-*/", ".nfs????????*", ".fuse_hidden*"),
    *("*.swp", ".*.sw[a-z]", "*~", "4913", "!4913/", r"\#*#", ".#*"),  # vim, Emacs
    *("*___jb_tmp___", "*___jb_old___", ".goutputstream-*"),  # JetBrains, GNOME
    *("~$*", ".~lock.*#", "~WRD*.tmp", "~WRL*.tmp"),  # Word, LibreOffice
    *(".idea/", ".vscode/", "*.code-workspace", ".Rproj.user/", ".Rhistory", ".RData"),
    *("node_modules/", "__pycache__/", ".venv/", ".ipynb_checkpoints/"),
    *(".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".parcel-cache/", ".sass-cache/"),
    *(".dropbox", ".dropbox.cache/", ".stfolder/", ".stversions/", ".syncthing.*.tmp"),
    *("*conflicted copy [0-9][0-9][0-9][0-9]-*", "*.sync-conflict-[0-9]*-[0-9]*-*"),
    ".jatossync-*.part",  # a file of ours that is on its way in
    *(".sync_*.db*", "._sync_*.db*", ".nextcloudsync.log", ".owncloudsync.log"),
)
"""Names that nobody gives a study file; what only lives for a moment is the debounce's job."""

_QUARANTINE = re.compile(
    # Not *.key: that is also Keynote, and a list of right answers. A private key under such a name
    # is known by its first bytes (core/secrets.py).
    r"(?P<key>"
    r"id_(?:rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)(?:\..*)?(?<!\.pub)"
    r"|.*\.(?:pem|p8|pk8|p12|pfx|ppk|jks|keystore|kdbx?|agilekeychain|opvault)"
    r"|\.(?:ssh|gnupg)"
    r")|(?P<password>"
    r"\.env.*|\.Renviron.*|[._]netrc|\.(?:npmrc|yarnrc|pypirc|pgpass|my(?:login)?\.cnf|htpasswd)"
    r"|\.(?:git-credentials|gitcookies|credentials|secrets|vault-token)"
    r"|\.(?:aws|azure|boto|docker|dockercfg|kube|s3cfg)"
    # What programs write that upload by FTP: the usual way to a web server before this one.
    r"|sftp-config(?:-alt[0-9]*)?\.json|\.(?:ftpconfig|ftppass|remote-sync\.json)|winscp\.ini"
    r"|(?:filezilla|sitemanager|recentservers)\.xml"
    r"|\.[a-z_]+_history"  # of a shell or a database: all that was typed
    r")|(?P<data>"
    r"jatos_(?:results|studylog|study)_.*|.*\.jr?zip(?:[ ._-]?\(\d+\)|[ ._-]\d+)?"
    r")",
    re.DOTALL | re.IGNORECASE,
)
_QUARANTINE_REASONS = {
    "key": "may hold a private key; `publish:` lets it through",
    "password": "may hold passwords; `publish:` lets it through",
    "data": "looks like data exported from JATOS; `publish:` lets it through",
}

REMEMBERED = 4096
"""So many verdicts on directories are remembered."""

_TELLTALE_NAME = "a JATOS token is in its name: whoever has that can change your studies"
_OF_ANOTHER_VERSION = "another version of jatossync took it for secret"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a path takes no part."""

    reason: str
    """One sentence for a researcher."""
    quarantined: bool
    """It may be secret: shown, unlike what is merely ignored."""


class RuleSet(NamedTuple):
    """What leaves paths out by their names; `publish:`, which lets them in, is no part of it."""

    patterns: tuple[str, ...]
    """Of the built-in list, `ignore:` and `.jatosignore`, later ones deciding."""
    quarantine: str = _QUARANTINE.pattern
    """A regular expression for names."""


class Rules:
    """The rules of one pass."""

    def __init__(self, rule_set: RuleSet, ignored: Globs, published: Globs) -> None:
        self.rule_set = rule_set
        self._ignored = ignored
        self._published = published
        self._quarantine = re.compile(rule_set.quarantine, _QUARANTINE.flags)
        self._directories: dict[RelPath, Verdict | None] = {ROOT: None}

    @classmethod
    def build(cls, patterns: Sequence[str], jatosignore: str, publish: Sequence[str]) -> Rules:
        """
        The rules from `ignore:`, the text of `.jatosignore` and `publish:`, later ones deciding.

        Raises:
            ValueError: A pattern is broken, or can never match; the text names it.
        """
        ignored = [
            *_globs(BUILT_IN, "of the built-in list"),
            *_globs(patterns, "in `ignore:`"),
            *_globs(_lines(jatosignore), f"in {IGNORE_FILE}"),
        ]
        rule_set = RuleSet((*BUILT_IN, *patterns, *_lines(jatosignore)))
        return cls(rule_set, Globs(ignored), Globs(_globs(publish, "in `publish:`")))

    def of_before(self, rule_set: RuleSet) -> Rules:
        """
        Rules that held once, maybe in another version, to find out what they left out (law 10).

        What `publish:` names now was let in by a person, not by other rules.
        """
        return Rules(rule_set, Globs(_globs(rule_set.patterns, "of before")), self._published)

    def verdict(self, path: RelPath, is_directory: bool) -> Verdict | None:
        """Why `path` takes no part, or None where it does; `path` is not the root."""
        if is_directory:
            return self._directory(path)
        return self._directory(_parent(path)) or self._own(path, is_directory=False)

    def publishes(self, path: RelPath, is_directory: bool = False) -> bool:
        """Whether `publish:` names this path or a directory above it."""
        above = (up for up in parents(path) if up != ROOT)
        return self._published.matches(path, is_directory) or any(
            self._published.matches(up, is_directory=True) for up in above
        )

    def _directory(self, path: RelPath) -> Verdict | None:
        """The verdict on a directory. No recursion: a tree may be deeper than the stack."""
        known, new = self._directories, []  # other threads may put another one in its place
        while path not in known:
            new.append(path)
            path = _parent(path)
        verdict = known[path]
        for each in reversed(new):
            verdict = known[each] = verdict or self._own(each, is_directory=True)
        if len(known) > REMEMBERED:
            self._directories = {ROOT: None}
        return verdict

    def _own(self, path: RelPath, is_directory: bool) -> Verdict | None:
        """The verdict on `path` as if everything above it took part."""
        name = path.rpartition("/")[2]
        if not is_directory and name in _OWN:
            return Verdict(_OWN[name], quarantined=False)
        glob = self._ignored.last_match(path, is_directory)
        if glob is not None and not glob.negated:
            return Verdict(f"ignored by the pattern '{glob.text}' {glob.source}", quarantined=False)
        if TokenFinder().feed(name.encode("utf-8")):
            return Verdict(_TELLTALE_NAME, quarantined=True)
        secret = self._quarantine.fullmatch(name)
        if secret and not self.publishes(path, is_directory):
            why = _QUARANTINE_REASONS.get(secret.lastgroup or "", _OF_ANOTHER_VERSION)
            return Verdict(why, quarantined=True)
        return None


def _parent(path: RelPath) -> RelPath:
    return RelPath(path.rpartition("/")[0])


def _globs(lines: Iterable[str], source: str) -> list[Glob]:
    return [Glob.parse(line, source) for line in lines]


def _lines(text: str) -> list[str]:
    """The patterns of a file in the format of `.gitignore`: no comments, no empty lines."""
    lines = (line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))
    return [line for line in lines if line.strip(" ") and not line.startswith("#")]
