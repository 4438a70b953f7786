"""A service of the whole machine, under a real systemd."""

from __future__ import annotations

import re
import time

import pytest

from tests.boot.machine import PROGRAM, Machine, await_true
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
    assert service.get("ActiveState") == "active"
    service.save("task.js", "let x = 1")
    service.await_remote("task.js", b"let x = 1")
    service.await_status("in sync")

    configured = machine.inside(service.config).read_text()
    assert configured.endswith(f"state: /var/lib/jatossync/{service.name}\n")
    assert service.token not in machine.run("systemctl", "show", service.unit).stdout

    lines = service.journal()
    assert {line["PRIORITY"] for line in lines} == {"6"}
    assert any(line["MESSAGE"].startswith("uploaded  task.js") for line in lines)

    service.systemctl("stop", service.unit)
    service.systemctl("start", "multi-user.target")
    await_true(lambda: service.get("ActiveState") == "active", lambda: service.status)


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
    await_true(lambda: service.get("MainPID") != pid, "its end")
    service.save("saved-meanwhile.txt", "while nobody ran")
    service.await_remote("saved-meanwhile.txt")
    assert service.get("NRestarts") == "1"
    uploads = [
        each["path"].rsplit("/", 1)[1]
        for each in service.jatos.requests()
        if each["method"] == "POST" and service.study in each["path"]
    ]
    assert sorted(uploads) == ["index.html", "saved-meanwhile.txt"]


def test_a_loop_that_hangs_is_started_again(service: Service) -> None:
    service.start_with_token_file()
    service.override("WatchdogSec=1s")
    service.systemctl("restart", service.unit)
    service.systemctl("kill", "--signal=STOP", service.unit)
    await_true(lambda: service.get("NRestarts") == "1", lambda: service.status)
    service.save("after.txt", "it works again")
    service.await_remote("after.txt")


def test_it_stops_within_5_seconds_with_uploads_under_way(service: Service) -> None:
    service.start_with_token_file()
    service.jatos.faults([{"method": "POST", "do": "rate:1MB/s"}])
    for number in range(4):
        service.save(f"{number}.mp4", bytes([number]) * 60 * MEGABYTE)
    await_true(lambda: sum(each["ms"] is None for each in service.jatos.requests()) >= 3, "uploads")
    began_s = time.monotonic()
    service.systemctl("stop", service.unit)
    assert time.monotonic() - began_s < 5
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
    service.folder = f"/srv/{service.name}"
    disk = ("mount", "-t", "tmpfs", "tmpfs", service.folder)
    machine.inside(service.folder).mkdir()
    machine.run(*disk)
    machine.run("chown", "alice", service.folder)
    service.save("index.html", "<!doctype html>")
    service.start_with_token_file()
    machine.run("umount", service.folder)
    service.await_status("folder")
    assert service.get("ActiveState") == "active"
    machine.run(*disk)
    service.save("index.html", "<!doctype html>")
    service.save("after.txt", "on the disk")
    assert (service.assets / "index.html").exists(), "nothing was deleted"
    service.systemctl("restart", service.unit)  # another disk is another folder
    service.await_remote("after.txt")


def test_everything_but_the_study_is_out_of_reach(service: Service, machine: Machine) -> None:
    service.start_with_token_file()
    machine.write("/home/alice/diary.txt", "private", "alice")
    machine.write("/home/bob/diary.txt", "private", "bob")
    machine.write("/etc/credstore/jatossync-other", "another token", mode=0o600)
    state = f"/var/lib/jatossync/{service.name}"
    probe = f"""
import os, socket, subprocess
def tried(what):
    try:
        what()
    except OSError as exc:
        return type(exc).__name__
    return "done"
def written(path):
    return tried(lambda: open(path + "/probe", "w").close())
print("study:", os.listdir({service.folder!r}))
print("home:", os.listdir("/home/alice"), os.listdir("/home/alice/studies"))
print("homes:", os.listdir("/home"), tried(lambda: os.listdir("/root")))
print("write study:", written({service.folder!r}))
print("write home:", written("/home/alice"))
print("write etc:", written("/etc/jatossync"))
print("write var:", written("/var/tmp/../lib"))
print("write state:", written({state!r}))
print("credstore:", tried(lambda: open("/etc/credstore/jatossync-other")))
print("processes:", [p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid())])
for family in ("AF_PACKET", "AF_NETLINK", "AF_VSOCK"):
    kind = getattr(socket, family)
    print(family + ":", tried(lambda: socket.socket(kind, socket.SOCK_RAW).close()))
print("raw:", tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()))
print("chown:", tried(lambda: os.chown({state!r}, 0, 0)))
print("setuid:", tried(lambda: os.setuid(0)))
print("journal:", tried(lambda: os.listdir("/run/log/journal")))
print("devices:", sorted(os.listdir("/dev")))
"""
    machine.write("/opt/probe.py", probe)
    service.systemctl("stop", service.unit)
    service.override(
        "Type=oneshot",
        "ExecStart=",
        "ExecStart=/opt/jatossync/bin/python /opt/probe.py",
        "Restart=no",
    )
    service.systemctl("start", service.unit)
    found = dict(
        line["MESSAGE"].split(": ", 1) for line in service.journal() if ": " in line["MESSAGE"]
    )
    assert found == {}


def test_members_of_the_group_may_use_the_commands(service: Service, machine: Machine) -> None:
    service.start_with_token_file()

    def said(user: str, *command: str) -> tuple[int, str]:
        done = machine.run(PROGRAM, *command, "--config", service.config, user=user, check=False)
        return done.returncode, done.stdout + done.stderr

    service.await_status("in sync")
    assert said("bob", "status")[0] == 0, said("bob", "status")
    assert said("bob", "pause")[0] == 0, said("bob", "pause")
    service.await_status("paused")
    service.systemctl("stop", service.unit)
    assert said("bob", "resume")[0] == 0, said("bob", "resume")
    service.systemctl("start", service.unit)
    service.await_status("in sync")
    code, text = said("carol", "status")
    assert code != 0
    assert "Permission denied" in text


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
