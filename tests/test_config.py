"""The configuration: what is read, and what is said about what cannot be."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import BaseModel, SecretStr

from jatossync.config import Config, find_config, load
from jatossync.config.schema import explanations, options, schema
from jatossync.config.writing import Answers, written
from jatossync.config.writing import schema as shipped_schema
from jatossync.errors import ConfigError

TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"  # JATOS's own example
EXAMPLE = Path(__file__).parent.parent / "config.example.yaml"

SERVER = "server: https://jatos.example.org\n"
STUDY = "study: 42\n"
FOLDER = "folder: study\n"
MINIMAL = SERVER + STUDY + FOLDER


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a working directory of the test's own, and no service's environment."""
    home = tmp_path / "home"
    (home / "here").mkdir(parents=True)
    monkeypatch.chdir(home / "here")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def read(text: str | bytes, name: str = "jatossync.yaml") -> Config:
    raw = text if isinstance(text, bytes) else text.encode()
    Path(name).write_bytes(raw)
    return load(name)


def problems(text: str | bytes) -> list[str]:
    """The lines of the message, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.exit_code == 78
    lines = caught.value.message.splitlines()
    assert all(line.startswith("jatossync.yaml") for line in lines)
    return [line.removeprefix("jatossync.yaml") for line in lines]


def problem(text: str | bytes) -> str:
    [line] = problems(text)
    return line


# --- which file ----------------------------------------------------------------------------------


def test_the_named_configuration_counts_before_all_others() -> None:
    Path("jatossync.yaml").touch()
    assert find_config("other.yaml") == "other.yaml"


def test_the_working_directory_counts_before_the_home_directory(tmp_path: Path) -> None:
    at_home = tmp_path / "home/.config/jatossync/config.yaml"
    at_home.parent.mkdir(parents=True)
    at_home.touch()
    assert find_config(None) == str(at_home)
    Path("jatossync.yaml").touch()
    assert find_config(None) == "jatossync.yaml"


def test_a_configuration_above_counts_as_with_git(monkeypatch: pytest.MonkeyPatch) -> None:
    above = Path("jatossync.yaml").resolve()
    above.touch()
    Path("js/deep").mkdir(parents=True)
    monkeypatch.chdir("js/deep")
    assert find_config(None) == str(above)


def test_a_configuration_above_that_is_somebody_elses_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("jatossync.yaml").touch()
    Path("js").mkdir()
    monkeypatch.chdir("js")
    monkeypatch.setattr(os, "getuid", lambda: os.stat(".").st_uid + 1)
    with pytest.raises(ConfigError, match="there is no configuration"):
        find_config(None)


def test_without_any_configuration_the_places_and_the_way_to_start_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(None)
    assert "jatossync.yaml" in caught.value.message
    assert "~/.config/jatossync/config.yaml" in caught.value.message
    assert "jatossync init" in caught.value.hint


# --- what is no configuration at all -------------------------------------------------------------


def test_a_named_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no configuration file nowhere\.yaml"):
        load("nowhere.yaml")


def test_a_directory_is_no_configuration() -> None:
    with pytest.raises(ConfigError, match=r"is a directory"):
        load(".")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file_is_named_with_the_reason() -> None:
    Path("jatossync.yaml").touch(mode=0)
    with pytest.raises(ConfigError, match=r"cannot be read: Permission denied"):
        load("jatossync.yaml")


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000])
def test_a_name_that_no_file_can_have_is_no_crash(name: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: (embedded null|File name too long)"):
        load(name)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs an endless file")
def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match=r"more than 1 MB"):
        load("/dev/zero")


def test_text_that_is_not_utf8_is_named_with_its_line() -> None:
    assert "UTF-8" in problem(b"# a\n# M\xfcller\n")
    assert problem(b"# a\n# M\xfcller\n").startswith(":2: ")
    assert "UTF-16" in problem(MINIMAL.encode("utf-16"))


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert read(MINIMAL.replace("\n", "\r\n").encode("utf-8-sig")).study == "42"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    with pytest.raises(ConfigError, match=r"empty"):
        read(text)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("- server\n", 1, "this is a list"),
        ("\njust words\n", 2, "this is a single value"),
        (MINIMAL + "watch:\n\tquiet: 1s\n", 5, "a tab"),
        (MINIMAL + "ignore: [*.psd]\n", 4, "in quotes: a bare *"),
        (MINIMAL + "ignore:\n- *old\n", 5, "in quotes: a bare *"),
        (MINIMAL + "ignore:\n- &old\n", 5, "in quotes: a bare &"),
        (MINIMAL + "ignore:\n- `old`\n", 5, "in quotes"),
        (MINIMAL + "ignore: ['raw/',\n  'x'\ndrift: hold\n", 4, "bracket is opened"),
        (SERVER + "study: '42\n" + FOLDER, 2, "a quote is opened"),
        (SERVER + STUDY + 'folder: "C:\\Users\\me"\n', 3, "single quotes"),
        (SERVER + "study: a: b\n", 2, "inside a value"),
        ("server:https://jatos.example.org\n" + STUDY, 2, "no space after its ':'"),
        (MINIMAL + f"token:{TOKEN}\n", 4, "a space after it"),
        (SERVER + "study\n" + FOLDER, 2, "write 'option: value'"),
        (MINIMAL + "watch:\n  quiet: 1s\n verify: 1h\n", 6, "indentation"),
        (MINIMAL + "---\n" + MINIMAL, 4, "another document"),
        (MINIMAL + "ignore: - raw/\n", 4, "a list begins"),
        (MINIMAL + "drift: \x01\n", 4, "a character that cannot be"),
        ("[" * 5000, None, "lists in lists"),
    ],
)
def test_what_is_no_yaml_is_said_in_plain_words(text: str, line: int | None, said: str) -> None:
    where = f":{line}: " if line else ": "
    assert problem(text).startswith(where)
    assert said in problem(text)


# --- all at once ---------------------------------------------------------------------------------


def test_every_problem_is_reported_in_the_order_of_the_file() -> None:
    text = (
        "study: Stroop\n"
        "folder: ~/x\n"
        "folder: ~/y\n"
        "Drift: hold\n"
        "watch:\n"
        "  quiet: 10s\n"
        "  rescan: 5\n"
        "deletes: {delay: 2 apples}\n"
        "ignore:\n"
        "  - 'fine/'\n"
        "  - '['\n"
        "conflict: !keep copy\n"
    )
    expected = [
        r":1: study: 'Stroop' is neither a study's UUID nor its ID; .*\(…/jatos/42\).*",
        r":3: folder: is set twice, first in line 2; .*",
        r":4: Drift: is no option; did you mean drift\?",
        r":5: watch\.max_wait: 5s is shorter than watch\.quiet \(10s\); .*",
        r":7: watch\.rescan: 5 has no unit; write for example 5s or 5m",
        r":8: deletes\.delay: '2 apples' is no duration; write for example 2s, 500ms or 1m",
        r":11: ignore\[2\]: .*'\['.*",
        r":12: conflict: put the value in quotes: a bare ! .*",
        r":12: conflict: 'copy' is not known; write keep-copy or hold",
        r": server: is missing; add a line like server: https://jatos\.example\.org",
    ]
    lines = problems(text)
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ignroe: []", "did you mean ignore?"),
        ("quiet: 1s", "it belongs on an indented line below watch:"),
        ("watch: {drift: hold}", "it belongs at the top"),
        ("deletes: {dely: 2s}", "did you mean delay?"),
        ("watch: {quiet_s: 1s}", "watch.quiet_s: is no option; did you mean quiet?"),
        ("deletes: {xyzzy: 20}", "deletes has: mode, delay, max_files, max_share"),
        ("xyzzy: 1", "the file has: allow_http, server"),
        ("1: 2", "is no option"),
        ("<<: {drift: hold}", "is no option"),
        ("? [a]\n: b", "the name of an option must be a word"),
    ],
)
def test_an_unknown_option_is_an_error_with_a_suggestion(line: str, said: str) -> None:
    assert problem(MINIMAL + line + "\n").startswith(":4: ")
    assert said in problem(MINIMAL + line + "\n")


def test_required_options_are_named_with_a_line_to_add() -> None:
    assert problems("drift: hold\n") == [
        ": server: is missing; add a line like server: https://jatos.example.org",
        ": study: is missing; add a line like study: 42",
        ": folder: is missing; add a line like folder: ~/studies/stroop",
    ]


def test_an_option_name_cannot_forge_lines_of_the_message() -> None:
    assert problem(MINIMAL + '"a\\nb": 1\n').startswith(":4: 'a\\nb': is no option")


def leaves(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every option that takes a value, by its keys in the file."""
    for name, field in model.model_fields.items():
        key = (*above, field.alias or name)
        if isinstance(field.default, BaseModel):
            yield from leaves(type(field.default), key)
        else:
            yield key


OPTIONS = list(leaves(Config))
scalars = st.one_of(
    st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=8).map(repr),
    st.sampled_from(
        ["", "~", "null", "010", "1:30", "1e3", "-1", ".inf", "2001-01-01", "no", "9" * 30]
    ),
    st.sampled_from(["[]", "[a, [b]]", "{}", "{a: 1}", "[{a: b}]", '"\\0"', '"\\ud800"', "x: y"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(option=st.sampled_from(OPTIONS), value=scalars)
def test_whatever_stands_behind_an_option_the_words_are_ours(
    option: tuple[str, ...], value: str
) -> None:
    lines = [line for line in MINIMAL.splitlines() if not line.startswith(option[0] + ":")]
    if len(option) == 1:
        lines.append(f"{option[0]}: {value}")
    else:
        lines += [f"{option[0]}:", f"  {option[1]}: {value}"]
    try:
        read("\n".join(lines))
        return
    except ConfigError as error:
        message = error.message
    assert message.startswith("jatossync.yaml:")
    for foreign in ("Input should", "Value error", "pydantic", "yaml.org", "type="):
        assert foreign not in message


# --- values --------------------------------------------------------------------------------------


def test_the_three_lines_are_enough() -> None:
    config = read(MINIMAL)
    assert (config.server, config.study) == ("https://jatos.example.org", "42")
    assert config.folder == str(Path("study").resolve())
    assert (config.token_file, config.token) == (None, None)
    assert (config.ignore, config.publish) == ((), ())
    assert (config.watch.quiet_s, config.watch.max_wait_s) == (0.3, 5.0)
    assert (config.watch.rescan_s, config.watch.verify_s) == (300.0, 600.0)
    assert config.deletes.delay_s == 2.0
    assert (config.drift, config.conflict, config.upload.workers) == ("hold", "keep-copy", 8)
    assert (config.log.level, config.log.format) == ("info", "auto")
    assert config.notes == ()


@pytest.mark.parametrize("option", ["watch:", "ignore:", "deletes: {}", "publish: []"])
def test_an_option_whose_lines_are_all_commented_out_has_its_defaults(option: str) -> None:
    assert read(MINIMAL + option + "\n") == read(MINIMAL)


def test_a_configuration_does_not_change() -> None:
    config = read(MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        config.study = "43"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0.3s", 0.3), ("300ms", 0.3), ("2s", 2.0), ("0.5m", 30.0), ("1 s", 1.0), ("'2s'", 2.0)],
)
def test_durations_come_in_seconds(written: str, seconds: float) -> None:
    assert read(MINIMAL + f"watch: {{max_wait: 1m, quiet: {written}}}\n").watch.quiet_s == seconds


def test_hours_days_and_no_delay_at_all_are_durations() -> None:
    config = read(MINIMAL + "watch: {rescan: 1h, verify: 1d}\ndeletes: {delay: 0}\n")
    assert (config.watch.rescan_s, config.watch.verify_s) == (3600.0, 86400.0)
    assert config.deletes.delay_s == 0.0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("watch: {quiet: 5}", "5 has no unit; write for example 5s or 5m"),
        ("watch: {quiet: 0.5}", "0.5 has no unit; write for example 0.5s or 0.5m"),
        ("watch: {quiet: 1:30}", "'1:30' is no duration"),
        ("watch: {quiet: -1s}", "'-1s' is no duration"),
        ("watch: {quiet: 1ms}", "1ms is too short; write at least 10ms"),
        ("watch: {rescan: 2d}", "2d is too long; write at most 1d"),
        ("watch: {verify: 1s}", "1s is too short; write at least 10s"),
        ("watch: {max_wait: 0.2s}", "0.2s is shorter than watch.quiet (0.3s)"),
        ("upload: {workers: 2}", "write a number, 3 to 16"),
        ("upload: {workers: 17}", "write a number, 3 to 16"),
        ("upload: {workers: many}", "'many' is no whole number"),
        ("deletes: {max_share: 30%}", "'30%' is no share; write a number from 0 to 1, like 0.3"),
        ("deletes: {max_share: 30}", "30 is more than all"),
        ("log: {level: loud}", "write debug, info, warning or error"),
        ("log: {format: xml}", "write auto, console, json or journal"),
        ("drift: no", "write hold or restore"),
        ("allow_http: perhaps", "write true or false"),
        ("ignore: raw/", 'write for example ["raw/", "*.psd"]'),
        ("publish: [[a]]", "is a list, but takes one value"),
        ("watch: 3s", "takes options of its own, on indented lines below it"),
        ("state:", "is empty; give it a value, or remove the line"),
        ("token_file: [a]", "is a list, but takes one value"),
    ],
)
def test_an_impossible_value_is_named_with_what_would_be_right(option: str, said: str) -> None:
    assert said in problem(MINIMAL + option + "\n")


def test_values_are_what_was_written_and_not_what_yaml_makes_of_them() -> None:
    assert read(MINIMAL + "ignore: [no, 010, 1.10, 2001-01-01, ~]\n").ignore == (
        *("no", "010", "1.10", "2001-01-01", "~"),
    )
    assert "'010'" in problem(SERVER + "study: 010\n" + FOLDER)


# --- the server ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://jatos.example.org", "https://jatos.example.org"),
        ("https://JATOS.Example.org:8443/Lab", "https://jatos.example.org:8443/Lab"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_address_is_taken_as_it_is(written: str, url: str) -> None:
    config = read(f"server: {written}\n" + STUDY + FOLDER)
    assert (config.server, config.notes) == (url, ())


@pytest.mark.parametrize("end", ["/", "/jatos", "/jatos/", "/jatos/api/v1", "/jatos/api/v1/"])
@pytest.mark.parametrize("base", ["https://jatos.example.org", "https://uni.example/lab"])
def test_what_every_request_adds_is_cut_from_the_address_with_a_note(base: str, end: str) -> None:
    config = read(f"server: {base}{end}\n" + STUDY + FOLDER)
    assert config.server == base
    assert config.notes == (f"server: {end} at the end is not needed; write {base}",)


def test_an_option_whose_name_is_no_text_at_all_is_said() -> None:
    assert "unicode string" in problem(SERVER + STUDY + FOLDER + '"\\ud800": 3\n')


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("jatos.example.org/lab", "write https://jatos.example.org/lab"),
        ("localhost:9000", "write http://localhost:9000"),
        ("ftp://jatos.example.org", "ftp:// is not possible"),
        ("http://jatos.example.org", "write https://jatos.example.org, or add the line allow_http"),
        ("http://localhost.example.org", "allow_http: true"),
        ("https://me:hush@jatos.example.org", "write https://jatos.example.org and"),
        ("https://jatos.example.org/jatos?key=hush", "write https://jatos.example.org"),
        ("'https://jatos.example.org/#hush'", "write https://jatos.example.org"),
        ("https://jatos.example.org?", "nothing may follow"),
        ("https://", "names no server"),
        ("https://<server>", "names no server"),
        ("https://jatos..example.org", "names no server"),
        (f"https://{'a' * 64}.example.org", "names no server"),
        ("https://[::1", "is no address"),
        ("https://https://jatos.example.org", "is no address"),
        ("https://jatos.example.org/lab/../x", "is no address"),
        ("https://jatos.example.org:http", "the port"),
        ("https://jatos.example.org:0", "the port"),
        ("'https://jatos .example.org'", "no spaces"),
        ("me:hush@jatos.example.org", "is no address"),
        ('"https://jatos.example.org\\n.evil.example"', "no spaces"),
        ("[a]", "is a list"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_its_secrets(
    written: str, said: str
) -> None:
    line = problem(f"server: {written}\n" + STUDY + FOLDER)
    assert line.startswith(":1: server: ")
    assert said in line
    assert "hush" not in line


def test_http_is_possible_for_those_who_insist() -> None:
    text = "server: http://jatos.example.org\nallow_http: yes\n" + STUDY + FOLDER
    assert read(text).server == "http://jatos.example.org"


# --- the study and the token ---------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("written", ["42", "8F3C2D6E-0A1b-4c2d-8e9f-001122334455"])
def test_a_study_is_a_uuid_or_a_number(written: str, quote: str) -> None:
    config = read(SERVER + f"study: {quote}{written}{quote}\n" + FOLDER)
    assert config.study == written.lower()


@pytest.mark.parametrize(
    "written", ["Stroop", "0", "-1", "4.2", "8f3c2d6e", "٤٢", "42/../43", "[42]"]
)
def test_anything_else_is_no_study(written: str) -> None:
    assert problem(SERVER + f"study: {written}\n" + FOLDER).startswith(":2: study: ")


def test_a_token_in_the_file_is_never_shown() -> None:
    config = read(MINIMAL + f"token: {TOKEN}\n")
    assert isinstance(config.token, SecretStr)
    assert config.token.get_secret_value() == TOKEN
    assert "OeYwru" not in repr(config) + str(config) + repr(config.model_dump())


@pytest.mark.parametrize(
    "line",
    [
        f"token: [{TOKEN}]",
        f"token: {{{TOKEN}: x}}",
        f"tokn: {TOKEN}",
        f"{TOKEN}: 1",
        f"'and some more words before the {TOKEN}': 1",
        f"drift: {TOKEN}",
        f"token: &{TOKEN} x",
        f"token: !{TOKEN} x",
        f"token: {TOKEN}: x",
        f"token: '{TOKEN}",
        f"token:\n\t{TOKEN}",
        f"study: ${TOKEN}",
        f"state: ${TOKEN}",
        f"state: ~{TOKEN}",
        f"server: {TOKEN}://x",
    ],
)
def test_no_error_shows_a_token_wherever_it_was_put(line: str) -> None:
    assert "OeYwru" not in "\n".join(problems(MINIMAL + line + "\n"))


def test_no_error_brings_the_text_of_the_file_along() -> None:
    with pytest.raises(ConfigError) as caught:
        read(f"token: {TOKEN}: x\n")
    assert caught.value.__cause__ is None


# --- paths ---------------------------------------------------------------------------------------


def test_relative_paths_begin_where_the_real_file_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real.yaml").write_text(MINIMAL + "token_file: secret/token\nstate: ../state\n")
    Path("jatossync.yaml").symlink_to(elsewhere / "real.yaml")
    config = load("jatossync.yaml")
    assert config.path == str(elsewhere.resolve() / "real.yaml")
    assert config.folder == str(elsewhere.resolve() / "study")
    assert config.token_file == str(elsewhere.resolve() / "secret" / "token")
    assert config.state == str(tmp_path.resolve() / "state")


def test_the_home_directory_and_variables_are_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDY", str(tmp_path))
    config = read(SERVER + STUDY + "folder: ${STUDY}/a\ntoken_file: ~/token\nstate: $STUDY/s\n")
    assert config.folder == str(tmp_path / "a")
    assert config.token_file == str(tmp_path / "home" / "token")
    assert config.state == str(tmp_path / "s")


@pytest.mark.parametrize("written", ["$NOT_SET/data", "${NOT_SET}", "$EMPTY/data"])
def test_a_variable_that_is_not_set_is_an_error(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPTY", "")
    line = problem(SERVER + STUDY + f"folder: {written}\n")
    assert line.startswith(":3: folder: the environment variable $")


def test_nobodys_home_directory_is_an_error() -> None:
    assert "~nobody-has-this-name" in problem(SERVER + STUDY + "folder: ~nobody-has-this-name/x\n")


def test_the_way_up_from_a_link_leads_to_what_the_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "far" / "in").mkdir(parents=True)
    Path("link").symlink_to(tmp_path / "far" / "in")
    assert read(SERVER + STUDY + "folder: link/../study\n").folder == str(tmp_path / "far/study")


# --- the state directory -------------------------------------------------------------------------


def test_each_configuration_has_a_state_directory_of_its_own(tmp_path: Path) -> None:
    states = []
    for name in ("here/stroop.yaml", "here/jatossync.yaml", ".config/jatossync/config.yaml"):
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MINIMAL)
        states.append(Path(load(str(path)).state))
    assert [re.sub("[0-9a-f]{8}$", "#", state.name) for state in states] == [
        *("stroop-#", "here-#", "jatossync-#"),
    ]
    assert all(state.is_absolute() and state.parent.name == "jatossync" for state in states)


def test_the_state_directory_is_the_same_by_whatever_name_the_file_is_reached() -> None:
    state = read(MINIMAL).state
    Path("link.yaml").symlink_to("jatossync.yaml")
    assert load("link.yaml").state == load(str(Path("jatossync.yaml").resolve())).state == state


def test_a_service_keeps_its_state_where_systemd_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/one{os.pathsep}{tmp_path}/two")
    assert read(MINIMAL).state == str(tmp_path / "one")
    assert read(MINIMAL + "state: mine\n").state == str(Path("mine").resolve())


@pytest.mark.parametrize("state", ["study", "study/.state", "link/state", "x/../study"])
def test_state_inside_the_study_folder_is_refused(state: str) -> None:
    Path("study").mkdir()
    Path("link").symlink_to("study")
    line = problem(MINIMAL + f"state: {state}\n")
    assert line.startswith(":4: state: ")
    assert "in the study folder" in line


def test_the_study_folder_inside_the_state_is_refused() -> None:
    assert "holds the study folder" in problem(MINIMAL + "state: .\n")


def test_a_neighbour_whose_name_begins_alike_is_not_inside() -> None:
    assert read(MINIMAL + "state: study-state\n").state.endswith("study-state")


@pytest.mark.parametrize("folder", ["~", "/"])
def test_a_folder_that_holds_the_default_state_is_too_wide(folder: str) -> None:
    line = problem(SERVER + STUDY + f"folder: {folder}\n")
    assert "choose a folder that holds the study and nothing else" in line


# --- the example ---------------------------------------------------------------------------------


def with_comments_taken_away(text: str) -> str:
    """Commented-out options begin with a bare `#`; what is for people begins with `# `."""
    return re.sub(r"^( *)#(?=\w+:)", r"\1", text, flags=re.MULTILINE)


def test_the_example_needs_three_lines_and_shows_the_defaults() -> None:
    required = {name for name, field in Config.model_fields.items() if field.is_required()}
    assert required == {"server", "study", "folder"}
    minimal = read(MINIMAL + "token_file: ~/.config/jatossync/token\n")
    example = read(EXAMPLE.read_text(encoding="utf-8"))
    assert example.model_dump(exclude=required) == minimal.model_dump(exclude=required)


def test_the_example_shows_every_option_and_no_other() -> None:
    text = with_comments_taken_away(EXAMPLE.read_text(encoding="utf-8"))
    read(text)
    shown, section = [], ""
    for match in re.finditer(r"^( *)(\w+):(.*)$", text, flags=re.MULTILINE):
        indent, key, value = match.groups()
        section = section if indent else key
        if value:
            shown.append((section, key) if indent else (key,))
    assert sorted(shown) == sorted(OPTIONS)


# --- the schema ----------------------------------------------------------------------------------


def test_the_shipped_schema_is_that_of_the_model_and_the_example() -> None:
    text = schema(EXAMPLE.read_text(encoding="utf-8"))
    assert shipped_schema() == text, (
        "type: python -m jatossync config schema > /tmp/schema.json, "
        "and move that to jatossync/config/schema.json"
    )


def test_editors_accept_the_example_and_mark_what_is_wrong() -> None:
    validator = Draft7Validator(json.loads(shipped_schema()))
    example = with_comments_taken_away(EXAMPLE.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(yaml.safe_load(example))) == []
    wrong = {
        "server": 1,
        "study": [],
        "watch": {"quiet": "2 apples", "quite": "2s"},
        "deletes": {"delay": 2},
        "upload": {"workers": 1},
        "drift": "keep",
        "ignore": "x",
    }
    marked = {".".join(map(str, error.path)) for error in validator.iter_errors(wrong)}
    assert marked == {
        *("", "server", "study", "watch", "watch.quiet", "deletes.delay"),
        *("upload.workers", "drift", "ignore"),
    }


def test_the_schema_explains_every_option() -> None:
    explained = explanations(EXAMPLE.read_text(encoding="utf-8"))
    assert {option.name for option in options()} <= explained.keys()


# --- the way to the server --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("proxy: socks5://127.0.0.1:1080", "this is no proxy; write for example http://proxy"),
        ("proxy: proxy.example.org:3128", "this is no proxy"),
        ("proxy: http://me:secret@proxy:3128", "user name and a password is not possible"),
        ("tls: {ca_file: }", "is empty"),
        ("tls: {verify: false}", "tls.verify: is no option"),
    ],
)
def test_a_way_to_the_server_that_is_not_possible_is_explained(lines: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(MINIMAL + lines + "\n")
    assert problem in caught.value.message
    assert "secret" not in caught.value.message


def test_the_way_to_the_server_is_read() -> None:
    config = read(MINIMAL + "proxy: http://proxy.example.org:3128/\ntls: {ca_file: ca.pem}\n")
    assert config.proxy == "http://proxy.example.org:3128"
    assert config.tls.ca_file is not None
    assert config.tls.ca_file.endswith("/ca.pem")
    assert read(MINIMAL).proxy is None


# --- what `init` writes --------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [".", "it's #1: a 'study'", "-x", "süß", "*a", "a \\ b"])
def test_what_is_written_is_read_again(folder: str) -> None:
    answers = Answers(
        server="http://jatos.example.org/lab",
        study="8f3c2d6e-0000-4000-8000-000000000000",
        folder=folder,
        token_file="~/.config/jatossync/token",
        allow_http=True,
        ca_file="/etc/ssl/own ca.pem",
        proxy="http://proxy.example.org:3128",
        about="the study “Stroop” (ID 42)",
    )
    config = read(written(answers))
    assert (config.server, config.study, config.allow_http) == (*answers[:2], True)
    assert config.folder == os.path.normpath(os.path.join(os.getcwd(), folder))
    assert (config.tls.ca_file, config.proxy) == (answers.ca_file, answers.proxy)
    assert config.token_file == os.path.expanduser(answers.token_file)


def test_nothing_but_the_answers_differs_from_the_defaults() -> None:
    answers = Answers("https://jatos.example.org", "42", "study", "t", False, None, None, "a study")
    assert read(written(answers)).model_dump() == read(MINIMAL + "token_file: t\n").model_dump()
