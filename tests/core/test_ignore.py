import os
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jatossync.core.ignore import Rules, RuleSet
from jatossync.core.paths import RelPath


def rules(*patterns: str, jatosignore: str = "", publish: tuple[str, ...] = ()) -> Rules:
    return Rules.build(patterns, jatosignore, publish)


def reason(rules: Rules, path: str) -> str | None:
    """Why a path takes no part; a path that ends in a slash is a directory."""
    verdict = rules.verdict(RelPath(path.removesuffix("/")), path.endswith("/"))
    return verdict.reason if verdict else None


def quarantined(rules: Rules, path: str) -> bool:
    verdict = rules.verdict(RelPath(path.removesuffix("/")), path.endswith("/"))
    return verdict is not None and verdict.quarantined


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "img/face 1.png",
        "répertoire/ünï.js",
        "env.js",
        "environment/a.png",
        "key.txt",
        "list1.key",  # right answers, or a Keynote
        "id_rsa.pub",
        "id_list.csv",
        "jatos.js",
        "jatos_resultsheet.css",
        "study.zip",
        "4913/face.png",
        "stimuli/4914",
        "a.bak",
        "conflicted copy.html",
        ".htaccess",
        ".nojekyll",
        "git/x",
        "swp",
        "docker/x.js",
        "config.json",
        "reading_history.html",
        "servers.xml",
    ],
)
def test_a_study_file_takes_part(path: str) -> None:
    assert reason(rules(), path) is None


@pytest.mark.parametrize(
    "path",
    [
        ".git/",
        ".git",  # a worktree's or submodule's
        "sub/.git/",
        ".DS_Store",
        "._face.png",
        ".a.txt.swp",
        ".a.txt.swx",
        "a.txt~",
        "4913",
        "#a.txt#",
        ".#a.txt",
        "a.txt___jb_tmp___",
        ".goutputstream-ABC123",
        "task (Anna's conflicted copy 2026-11-24).js",
        "task.sync-conflict-20261124-101010-ABCDEFG.js",
        "~$list.docx",
        ".~lock.list.ods#",
        "node_modules/",
        "sub/__pycache__/",
        ".venv/",
    ],
)
def test_what_nobody_means_to_publish_is_ignored_without_being_asked(path: str) -> None:
    assert "built-in" in (reason(rules(), path) or "")
    assert not quarantined(rules(), path)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("id_rsa", "private key"),
        ("id_ed25519", "private key"),
        ("ID_RSA.bak", "private key"),
        ("certs/server.pem", "private key"),
        ("server.PFX", "private key"),
        ("me.ppk", "private key"),
        ("lab.kdbx", "private key"),
        (".ssh/", "private key"),
        (".env", "passwords"),
        (".env.production", "passwords"),
        ("sub/.envrc", "passwords"),
        (".Renviron", "passwords"),
        (".netrc", "passwords"),
        ("_netrc", "passwords"),
        (".s3cfg", "passwords"),
        (".docker/", "passwords"),
        (".bash_history", "passwords"),
        ("sftp-config.json", "passwords"),
        (".ftpconfig", "passwords"),
        ("FileZilla.xml", "passwords"),
        ("jatos_results_20250101.txt", "exported"),
        ("jatos_results_data_20250101 (1).zip", "exported"),
        ("jatos_results_20250101/", "exported"),
        ("jatos_studylog_x.txt", "exported"),
        ("jatos_study_x.jzip", "exported"),
        ("stroop.jzip", "exported"),
        ("stroop (1).jzip", "exported"),
        ("stroop.jrzip", "exported"),
        ("stroop.jrzip (1)", "exported"),
        ("stroop.jzip(12)", "exported"),
    ],
)
def test_what_may_be_secret_is_quarantined_by_name(path: str, what: str) -> None:
    assert what in (reason(rules(), path) or "")
    assert quarantined(rules(), path)


def test_a_token_in_a_name_is_kept_back_whatever_is_published() -> None:
    token = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"
    for path in (f"{token}.html", f"{token}/", f"{token}/index.html", f"my {token} of May.txt"):
        assert quarantined(rules(publish=("*",)), path), path
    assert reason(rules(), f"{token[:-1]}0.html") is None, "the check digits do not fit"


def test_no_negated_pattern_lifts_the_quarantine() -> None:
    both = rules("!.env", "!*.jzip", jatosignore="!id_rsa\n!*\n")
    assert quarantined(both, ".env")
    assert quarantined(both, "a.jzip")
    assert quarantined(both, "id_rsa")


def test_publish_lifts_the_quarantine_of_what_it_names_and_below() -> None:
    some = rules(publish=("/.env", "shared/", "*.pem", "!private.pem"))
    assert reason(some, ".env") is None
    assert reason(some, "shared/.env") is None
    assert reason(some, "shared/deep/stroop.jzip") is None
    assert reason(some, "ca.pem") is None
    assert quarantined(some, "private.pem")
    assert quarantined(some, "other/.env")
    assert some.publishes(RelPath("shared/deep/x"))
    assert not some.publishes(RelPath("other/x"))
    assert not rules().publishes(RelPath("x"))


def test_publish_does_not_lift_what_is_ignored() -> None:
    assert "ignored" in (reason(rules("raw/", publish=("raw/",)), "raw/.env") or "")


def test_what_is_ignored_is_not_called_quarantined() -> None:
    assert not quarantined(rules("*.jzip"), "a.jzip")


def test_a_tree_may_be_deeper_than_pythons_stack() -> None:
    deep = "/".join(["a"] * 3000)
    assert reason(rules(), f"{deep}/x.txt") is None
    assert reason(rules("b/"), f"{deep}/b/{deep}/x.txt")
    assert quarantined(rules(), f"{deep}/.env")
    assert rules(publish=("/a/",)).publishes(RelPath(f"{deep}/.env"))


def test_the_ignore_file_is_never_uploaded() -> None:
    everything = rules("!.jatosignore", publish=(".jatosignore",))
    assert reason(everything, ".jatosignore")
    assert reason(everything, "sub/.jatosignore")


def test_a_reason_names_the_pattern_and_its_place() -> None:
    some = rules("*.psd", jatosignore="raw/\n")
    assert reason(some, "a.psd") == "ignored by the pattern '*.psd' in `ignore:`"
    assert reason(some, "raw/x/y.txt") == "ignored by the pattern 'raw/' in .jatosignore"


def test_the_ignore_file_decides_after_the_configuration_and_both_after_the_built_in_list() -> None:
    some = rules("*.psd", "!node_modules/", jatosignore="!keep.psd\n")
    assert reason(some, "keep.psd") is None
    assert reason(some, "node_modules/jspsych/index.js") is None
    assert "built-in" in (reason(some, "node_modules/.git/config") or "")


def test_nothing_below_an_ignored_directory_can_be_taken_back() -> None:
    some = rules(jatosignore="raw/\n!raw/keep.txt\n")
    assert reason(some, "raw/keep.txt") == "ignored by the pattern 'raw/' in .jatosignore"


def test_comments_empty_lines_windows_line_ends_and_a_byte_order_mark_are_no_patterns() -> None:
    some = rules(jatosignore="\ufeff# raw data\r\n\r\n   \r\nraw/  \r\nwith\\ \r\n\\#note\r\n")
    assert reason(some, "raw/")
    assert reason(some, "with ")
    assert reason(some, "#note")
    assert reason(some, "# raw data") is None
    assert reason(some, "\r") is None


def test_one_question_mark_stands_for_one_letter_of_any_alphabet() -> None:
    assert reason(rules("?.png"), "ü.png")
    assert reason(rules("[ä-ü].png"), "ö.png")
    assert reason(rules("a?b"), "a\nb")


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("", "''"),
        ("/", "'/'"),
        ("!", "'!'"),
        ("./raw", "'./raw'"),
        ("../raw", "can never match"),
        ("a//b", "can never match"),
        ("raw[", "']'"),
        ("raw[ab", "']'"),
        ("[[:letters:]]", "letters"),
        ("[z-a]", "z-a"),
        ("raw\\", "'/'"),
        ("raw\\data", "'/'"),
        ("#raw", r"'\#'"),
    ],
)
def test_a_broken_pattern_is_named_with_what_is_wrong(pattern: str, what: str) -> None:
    with pytest.raises(ValueError, match="the pattern") as caught:
        rules(pattern)
    assert f"'{pattern}'" in str(caught.value)
    assert "`ignore:`" in str(caught.value)
    assert what in str(caught.value)
    with pytest.raises(ValueError, match="`publish:`"):
        rules(publish=(pattern,))


def test_a_broken_line_of_the_ignore_file_is_named() -> None:
    with pytest.raises(ValueError, match=r"the pattern 'raw\[' in \.jatosignore"):
        rules(jatosignore="ok/\nraw[\n")


# --- git is the judge ----------------------------------------------------------------------------

NAMES = ("a", "b", "ab", "a.b", "-")
TREE = [
    *("/".join(parts) for depth in (1, 2) for parts in product(NAMES, repeat=depth)),
    *(f"d/{first}/{last}" for first, last in product(NAMES, repeat=2)),
]
_pieces = st.sampled_from(
    [
        *("a", "b", "d", "-", ".", "?", "/", "/", "*", "**", "***", r"\*", r"\."),
        *("[ab]", "[!a]", "[^a-b]", "[]-]", "[a-]", r"[\-]", "[[:alpha:]]"),
    ]
)
_pattern = st.tuples(
    st.sampled_from(["", "", "!"]),
    st.lists(_pieces, min_size=1, max_size=5).map("".join),
    st.sampled_from(["", "", "/", " "]),
).map("".join)


@pytest.fixture(scope="module")
def work_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git, which is the judge here, is not installed")
    top = tmp_path_factory.mktemp("tree")
    subprocess.run(["git", "init", "-q", top], check=True)
    for path in TREE:
        if path.count("/") == (2 if path.startswith("d/") else 1):
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text("")
    return top


def ignored_by_git(top: Path, text: str) -> set[str]:
    (top / ".gitignore").write_text(text)
    asked = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=top,
        input="\0".join(TREE) + "\0",
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    assert asked.returncode in (0, 1), asked.stderr
    return set(asked.stdout.split("\0")) - {""}


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(_pattern, min_size=1, max_size=4))
def test_patterns_mean_what_they_mean_to_git(work_tree: Path, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    # git, against its manual, lets two stars after a letter match slashes: 'a**/b' hides 'axb'.
    assume(not re.search(r"[^/!\n]\*\*", text))
    try:
        some = rules(jatosignore=text)
    except ValueError:
        return
    mine = {
        path
        for path in TREE
        if some.verdict(RelPath(path), is_directory=(work_tree / path).is_dir())
    }
    assert mine == ignored_by_git(work_tree, text)


def test_rules_of_before_leave_out_what_they_ignored_and_what_they_quarantined() -> None:
    before = RuleSet(("*.raw",), quarantine=r".*\.results")
    of_before = rules(publish=("shared.results",)).of_before(before)
    assert reason(of_before, "a.raw")
    assert reason(of_before, "deep/a.results")
    assert reason(of_before, ".env") is None
    assert reason(of_before, "shared.results") is None, "a person let it in by name"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 12 + "*b", "a" * 240),
        ("a*" * 12 + "/b", "a" * 240 + "/c"),
        ("**/a" * 12 + "/**/b", "a/" * 240 + "a"),
    ],
)
def test_no_pattern_takes_for_ever_to_say_no(pattern: str, path: str) -> None:
    assert reason(rules(jatosignore=pattern), path) is None
