"""A service of the whole machine, under a real systemd."""

from __future__ import annotations

import ast
import re
import time

import pytest

from tests.awaiting import wait_until
from tests.boot.machine import PROGRAM, TOP, Machine
from tests.boot.service import Service
from tests.emulator.handle import Emulator

pytestmark = [pytest.mark.boot, pytest.mark.timeout(300)]

MEGABYTE = 1_000_000


def test_installed_by_one_command_it_is_ready_mirrors_and_starts_at_boot(
    service: Service, machine: Machine
) -> None:
    service.save_credential(service.token)
    service.configure()
    said = service.install()
    assert f"state: /var/lib/jatossync/{service.name}" in said
    assert f"{service.unit} runs: comparing both sides" in said
    assert service.get("ActiveState") == "active"
    service.save("task.js", "let x = 1")
    service.await_remote("task.js", b"let x = 1")
    service.await_status("in sync")

    configured = machine.inside(service.config).read_text()
    assert configured.endswith(f"state: /var/lib/jatossync/{service.name}\n")
    assert service.token not in machine.run("systemctl", "show", service.unit).stdout
    checked = machine.run(PROGRAM, "check", "--config", service.config, check=False).stdout
    assert f"hands the one in /etc/credstore/jatossync-{service.name}" in checked
    assert "✓ state" in checked, checked

    lines = service.journal()
    assert {line["PRIORITY"] for line in lines} == {"6"}
    assert {line["SYSLOG_IDENTIFIER"] for line in lines} == {f"jatossync-{service.name}"}
    assert any(line["MESSAGE"].startswith("uploaded  task.js") for line in lines)

    service.systemctl("stop", service.unit)
    service.systemctl("start", "multi-user.target")
    wait_until(lambda: service.get("ActiveState") == "active", lambda: service.status)


def test_systemd_has_nothing_to_say_and_the_exposure_is_low(
    service: Service, machine: Machine
) -> None:
    service.save_credential(service.token)
    service.configure()
    service.install()
    verified = machine.run("systemd-analyze", "verify", service.unit)
    assert verified.stdout + verified.stderr == ""
    found = machine.run("systemd-analyze", "security", "--no-pager", service.unit).stdout
    level = re.search(r"exposure level for .*: ([\d.]+) ", found)
    assert level is not None
    assert float(level[1]) <= 1.5, found


def test_killed_it_is_started_again_and_nothing_is_lost(service: Service) -> None:
    service.start_with_token_file()
    pid = service.get("MainPID")
    service.systemctl("kill", "--signal=KILL", service.unit)
    wait_until(lambda: service.get("MainPID") != pid, "its end")
    service.save("saved-meanwhile.txt", "while nobody ran")
    service.await_remote("saved-meanwhile.txt")
    assert service.get("NRestarts") == "1"
    uploads = [
        each["path"].rsplit("/", 1)[1]
        for each in service.jatos.requests()
        if each["method"] == "POST" and service.study in each["path"]
    ]
    assert sorted(uploads) == ["index.html", "saved-meanwhile.txt"]


def test_a_loop_that_hangs_is_started_again_and_one_that_turns_is_not(service: Service) -> None:
    service.start_with_token_file()
    service.override("WatchdogSec=5s")
    service.systemctl("restart", service.unit)
    began_s, pid = time.monotonic(), service.get("MainPID")
    wait_until(lambda: time.monotonic() - began_s > 7, "more than the watchdog's time")
    assert service.get("MainPID") == pid, service.status
    service.systemctl("kill", "--signal=STOP", service.unit)
    wait_until(lambda: service.get("NRestarts") == "1", lambda: service.status)
    service.save("after.txt", "it works again")
    service.await_remote("after.txt")


def test_it_stops_without_waiting_for_the_uploads_that_are_under_way(service: Service) -> None:
    service.start_with_token_file()
    service.jatos.faults([{"method": "POST", "do": "rate:1MB/s"}])
    for number in range(4):
        service.save(f"{number}.mp4", bytes([number]) * 60 * MEGABYTE)
    wait_until(lambda: sum(each["ms"] is None for each in service.jatos.requests()) >= 3, "uploads")
    service.systemctl("stop", service.unit)  # with an end after TimeoutStopSec=15s
    assert (service.get("Result"), service.get("ExecMainStatus")) == ("success", "0")


def test_a_token_refused_at_the_start_waits_for_a_person_and_says_so(service: Service) -> None:
    service.token = service.jatos.add_token(active=False)
    service.save_token(service.token)
    service.configure(token_file=service.token_file)
    said = service.install(check=False)
    assert "did not start" in said
    assert service.get("ActiveState") == "failed"
    assert (service.get("ExecMainStatus"), service.get("NRestarts")) == ("77", "0")
    assert "token" in service.get("StatusText")
    assert f"systemctl restart {service.unit}" in service.status
    assert {line["PRIORITY"] for line in service.journal()} >= {"3"}


def test_a_wrong_configuration_waits_for_a_person_and_says_so(service: Service) -> None:
    service.start_with_token_file()
    service.configure(token_file=service.token_file, deletes={"delay": "2 apples"})
    service.systemctl("restart", service.unit, check=False)
    assert service.get("ActiveState") == "failed"
    assert (service.get("ExecMainStatus"), service.get("NRestarts")) == ("78", "0")
    assert "2 apples" in service.get("StatusText")


def test_a_token_revoked_later_is_said_and_a_new_file_goes_on_by_itself(service: Service) -> None:
    service.start_with_token_file()
    service.jatos.change_token(service.token, active=False)
    service.save("later.txt", "with the next token")
    service.await_status("refuse")
    assert service.get("ActiveState") == "active"
    service.save_token(service.jatos.add_token())
    service.await_remote("later.txt")
    assert service.get("NRestarts") == "0"


def test_a_token_that_came_as_a_credential_needs_a_restart_which_is_said(
    service: Service,
) -> None:
    service.save_credential(service.token)
    service.configure()
    service.install()
    service.await_remote("index.html")
    service.jatos.change_token(service.token, active=False)
    service.save("later.txt", "with the next token")
    service.await_status("refuse", f"systemctl restart {service.unit}")
    service.save_credential(service.jatos.add_token())
    service.systemctl("restart", service.unit)
    service.await_remote("later.txt")


def test_an_encrypted_token_is_used(service: Service, machine: Machine) -> None:
    machine.write(f"/run/{service.name}", service.token, mode=0o600)
    machine.inside("/etc/credstore.encrypted").mkdir(exist_ok=True, mode=0o700)
    machine.run(
        *("systemd-creds", "encrypt", "--with-key=host", "--name=token", f"/run/{service.name}"),
        f"/etc/credstore.encrypted/jatossync-{service.name}",
    )
    service.configure()
    service.install()
    service.await_remote("index.html")


def test_jatos_is_away_when_the_machine_starts(service: Service, jatos: Emulator) -> None:
    service.save_token(service.token)
    service.configure(token_file=service.token_file)
    jatos.stop()
    try:
        service.install()
        assert service.get("ActiveState") == "active"
        service.await_status("JATOS")
    finally:
        jatos.restart()
    service.await_remote("index.html")
    assert service.get("NRestarts") == "0"


def test_a_disk_that_goes_and_comes_back(service: Service, machine: Machine) -> None:
    service.folder, disk = f"/srv/{service.name}", f"/opt/disks/{service.name}"
    machine.write(f"{disk}/index.html", "<!doctype html>", "alice")
    machine.write(f"{service.folder}/.mount-point", "", "alice")
    mount = ("mount", "--bind", disk, service.folder)
    machine.run(*mount)
    service.start_with_token_file()

    machine.run("umount", "--lazy", service.folder)
    service.await_status("folder")
    assert service.get("ActiveState") == "active"
    machine.run(*mount)
    service.save("after.txt", "on the disk")
    service.await_remote("after.txt")
    assert service.get("NRestarts") == "0"

    # Started without it, it does not take the empty mount point for the study …
    service.systemctl("stop", service.unit)
    machine.run("umount", service.folder)
    service.systemctl("daemon-reload")  # as a boot does
    service.systemctl("start", service.unit, check=False)
    assert service.get("ExecMainStatus") == "78", service.status
    # … and the disk starts it again.
    machine.run(*mount)
    service.save("once-more.txt", "on the disk")
    service.await_remote("once-more.txt")
    assert not [each for each in service.jatos.requests() if each["method"] == "DELETE"]


def test_a_disk_of_the_machines_own_is_waited_for_and_may_go(
    service: Service, machine: Machine
) -> None:
    service.folder, disk = f"/srv/{service.name}", f"/opt/disks/{service.name}"
    machine.write(f"{disk}/index.html", "<!doctype html>", "alice")
    machine.inside(service.folder).mkdir(exist_ok=True)
    mount = machine.run("systemd-escape", "--path", "--suffix=mount", service.folder).stdout.strip()
    machine.write(  # as a line in /etc/fstab makes one
        f"/etc/systemd/system/{mount}",
        f"[Mount]\nWhat={disk}\nWhere={service.folder}\nType=none\nOptions=bind\n",
    )
    service.systemctl("daemon-reload")
    service.systemctl("start", mount)
    service.start_with_token_file()

    machine.run("umount", "--lazy", service.folder)
    service.await_status("folder")
    assert service.get("ActiveState") == "active"
    service.systemctl("start", mount)
    service.save("after.txt", "on the disk")
    service.await_remote("after.txt")
    assert service.get("NRestarts") == "0"

    service.systemctl("stop", mount)
    assert service.get("ActiveState") == "inactive"
    service.systemctl("start", "multi-user.target")  # a boot: with the disk
    service.save("once-more.txt", "on the disk")
    service.await_remote("once-more.txt")


def test_another_folder_in_the_place_of_the_study_is_seen_from_inside_the_sandbox(
    service: Service, machine: Machine
) -> None:
    disk = f"/home/alice/{service.name}"  # the machine's own numbers no directory for good
    machine.write(f"{disk}/.mount-point", "", "alice")
    machine.run("mount", "-t", "tmpfs", "tmpfs", disk)
    service.folder = f"{disk}/study"
    service.save("index.html", "<!doctype html>")
    service.start_with_token_file()
    machine.run("mv", service.folder, f"{service.folder}-old")
    service.save("another.html", "of another folder")
    wait_until(lambda: service.get("ExecMainStatus") == "78", lambda: service.status)
    assert int(service.get("NRestarts")) == 1, "once, to see what stands there now"
    assert "--rebind" in service.get("StatusText")
    assert {each.name for each in service.assets.iterdir()} == {"index.html"}
    machine.run("rm", "-r", service.folder)
    machine.run("mv", f"{service.folder}-old", service.folder)
    service.save("after.txt", "in the study again")
    service.systemctl("restart", service.unit)
    service.await_remote("after.txt")


PROBE = """
import os, socket

def tried(what):
    try:
        what()
    except OSError as exc:
        return exc.strerror
    return "done"

def written(path):
    return tried(lambda: open(path + "/probe", "w").close())

def opened(family, kind):
    return tried(lambda: socket.socket(family, kind).close())

def connected(path):
    with socket.socket(socket.AF_UNIX) as talker:
        return tried(lambda: talker.connect(path))

pids = [name for name in os.listdir("/proc") if name.isdigit() and name != str(os.getpid())]
found = {
    "the study": os.listdir(STUDY),
    "the home it lies in": os.listdir("/home/alice"),
    "beside the study": os.listdir("/home/alice/studies"),
    "homes": os.listdir("/home") + os.listdir("/root"),
    "write: study": written(STUDY),
    "write: home": written("/home/alice"),
    "write: configuration": written("/etc/jatossync"),
    "write: state": written(STATE),
    "write: state of others": written("/var/lib/jatossync"),
    "others' tokens": tried(lambda: open("/etc/credstore/jatossync-other")),
    "processes": pids,
    "packets": opened(socket.AF_PACKET, socket.SOCK_RAW),
    "kernel": opened(socket.AF_NETLINK, socket.SOCK_RAW),
    "ping": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()),
    "bus": connected("/run/dbus/system_bus_socket"),
    "become root": tried(lambda: os.setuid(0)),
    "disks": [name for name in os.listdir("/dev") if name.startswith(("sd", "vd", "nvme", "loop"))],
}
print(repr(found))
"""


def test_everything_but_the_study_is_out_of_reach(service: Service, machine: Machine) -> None:
    service.start_with_token_file()
    machine.write("/home/alice/diary.txt", "private", "alice")
    machine.write("/home/alice/studies/another/index.html", "private", "alice")
    machine.write("/home/bob/diary.txt", "private", "bob")
    machine.write("/etc/credstore/jatossync-other", "another token", mode=0o600)
    state = f"/var/lib/jatossync/{service.name}"
    machine.write("/opt/probe.py", f"STUDY, STATE = {service.folder!r}, {state!r}\n{PROBE}")
    service.systemctl("stop", service.unit)
    probe = "ExecStart=/opt/jatossync/bin/python /opt/probe.py"
    service.override("Type=oneshot", "Restart=no", "ExecStart=", probe)
    service.systemctl("start", service.unit)
    (found,) = [
        ast.literal_eval(line["MESSAGE"])
        for line in service.journal()
        if line["MESSAGE"].startswith("{")
    ]
    assert found == {
        "the study": ["index.html"],
        "the home it lies in": ["studies"],
        "beside the study": [service.name],
        "homes": ["alice"],
        "write: study": "Read-only file system",
        "write: home": "Permission denied",
        "write: configuration": "Read-only file system",
        "write: state": "done",
        "write: state of others": "Read-only file system",
        "others' tokens": "Permission denied",
        "processes": [],
        "packets": "Address family not supported by protocol",
        "kernel": "Address family not supported by protocol",
        "ping": "Operation not permitted",
        "bus": "Permission denied",
        "become root": "Operation not permitted",
        "disks": [],
    }


def test_members_of_the_group_may_use_the_commands(service: Service, machine: Machine) -> None:
    service.folder = f"/srv/{service.name}"
    service.save("index.html", "<!doctype html>")
    machine.run("chgrp", "jatossync", service.folder)
    machine.run("chmod", "2775", service.folder)
    service.start_with_token_file(conflict="hold")
    service.await_status("in sync")

    def said(user: str, *command: str, code: int = 0) -> str:
        """What a command says to a user of the machine."""
        done = machine.run(PROGRAM, *command, "--config", service.config, user=user, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "in sync" in said("bob", "status")
    said("bob", "pause")
    service.await_status("paused")
    said("bob", "resume")
    service.await_status("in sync")

    (service.assets / "index.html").write_bytes(b"theirs")
    service.save("index.html", "<!doctype html><p>ours")
    service.await_status("1 held")
    said("bob", "approve", "index.html")
    service.await_remote("index.html", b"<!doctype html><p>ours")
    assert "index.html" in said("bob", "trash", "list")
    said("bob", "restore", "index.html")
    service.await_remote("index.html", b"theirs")
    # The service may not write into the folder, and bob may not read its token.
    (service.assets / "index.html").write_bytes(b"theirs again")
    said("bob", "pull", "index.html")
    assert machine.inside(f"{service.folder}/index.html").read_bytes() == b"theirs again"
    assert said("bob", "trash", "list").count("index.html") == 3

    service.systemctl("stop", service.unit)
    assert "not running" in said("bob", "status", code=2)
    said("bob", "pause")
    service.systemctl("start", service.unit)
    service.await_status("paused")

    assert "Permission denied" in said("carol", "status", code=78)


def test_what_cannot_work_is_refused_before_anything_is_written(
    service: Service, machine: Machine
) -> None:
    service.configure()
    assert "no JATOS token" in service.install(check=False)
    service.save_token(service.token)
    machine.inside(service.token_file).chmod(0o600)
    machine.run("chown", "bob", service.token_file)
    service.configure(token_file=service.token_file)
    assert "alice, who is to run the service, cannot read the token" in service.install(check=False)
    service.save_token(service.token)
    service.configure(token_file="~/token")
    assert "another place for the service's user" in service.install(check=False)
    service.config = f"/home/alice/{service.name}.yaml"
    service.configure(token_file=service.token_file)
    assert "does not see it" in service.install(check=False)
    assert not machine.inside(f"/etc/systemd/system/{service.unit}.d").exists()


def test_uninstalled_it_is_gone_and_configuration_and_state_are_left(
    service: Service, machine: Machine
) -> None:
    service.start_with_token_file()
    machine.run(PROGRAM, "service", "uninstall", "--system", "--name", service.name)
    assert service.get("ActiveState") == "inactive"
    assert not machine.inside(f"/etc/systemd/system/{service.unit}.d").exists()
    assert machine.inside(service.config).exists()
    assert machine.inside(f"/var/lib/jatossync/{service.name}/state.sqlite3").exists()


def test_set_up_by_hand_as_the_readme_says(service: Service, machine: Machine) -> None:
    single = (TOP / "systemd" / "jatossync.service").read_text("utf-8")
    machine.write("/etc/systemd/system/jatossync.service", single)
    service.unit = "jatossync.service"
    service.override("User=alice", f"BindReadOnlyPaths={service.folder}")
    service.config = "/etc/jatossync/config.yaml"
    service.configure(state="/var/lib/jatossync/config")
    machine.write("/etc/credstore/jatossync", service.token, mode=0o600)
    service.systemctl("enable", "--now", service.unit)
    service.await_remote("index.html")
    service.await_status("in sync")
    said = machine.run(PROGRAM, "status", "--config", service.config, user="bob")
    assert "in sync" in said.stdout
