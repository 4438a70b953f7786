"""More guards to be broken: those at the edges, where folder, network and disk are touched."""

from __future__ import annotations

from tests.simulation.mutating import Mutant

ACTING = [
    Mutant(
        "git is not waited for at the moment of a delete",
        "jobs.py",
        "        if operations(self._sides.folder.path) - job.despite:",
        "        if False:",
    ),
    Mutant(
        "what JATOS may take for another file is deleted",
        "jobs.py",
        '            return Refused(f"what JATOS may take for it cannot be looked at: {exc}")\n'
        "        for twin in twins:",
        '            return Refused(f"what JATOS may take for it cannot be looked at: {exc}")\n'
        "        for twin in []:",
    ),
    Mutant(
        "what lies there as another file of this folder is taken over or replaced",
        "jobs.py",
        "        match result:\n            case Foreign():\n                seen = result.seen",
        "        return result\n"
        "        match result:\n            case Foreign():\n                seen = result.seen",
    ),
    Mutant(
        "JATOS's own folder is mirrored into itself",
        "jobs.py",
        "        if files and all(folder.has(path, seen) for path, seen in files):",
        "        if False:",
    ),
    Mutant(
        "all is gone where the study is gone",
        "remote/client.py",
        "        return outcome if isinstance(answer, Answer) else answer",
        "        return outcome",
    ),
    Mutant(
        "a large file is sent without asking whether JATOS takes it",
        "remote/client.py",
        "        if job.content.size > LARGE_BYTES and (trouble := self._not_writable()):",
        "        if False and (trouble := self._not_writable()):",
    ),
    Mutant(
        "a large file that may have arrived is sent again",
        "remote/client.py",
        "(_may_have_arrived(job, seen) or _may_be_either(job, seen)):",
        "_may_be_either(job, seen):",
    ),
    Mutant(
        "what could not be kept was kept",
        "remote/client.py",
        "        except OSError as exc:\n            return Refused(",
        "        except OSError as exc:\n"
        "            return replace(self.look(path), kept=True)\n"
        "            return Refused(",
    ),
    Mutant(
        "half a file is a copy",
        "remote/client.py",
        "            if download.size is not None and download.size != content.size:",
        "            if False:",
    ),
    Mutant(
        "what is not JATOS's own answer is a file",
        "remote/client.py",
        "answer.status != 200 or not answer.is_file:",
        "answer.status != 200:",
        equivalent="what is small is read next, and all is before it is replaced; both check it",
    ),
    Mutant(
        "a success before all was sent is one",
        "remote/wire.py",
        "        if body is not None and response.is_success and not body.all_sent:",
        "        if False:",
    ),
    Mutant(
        "redirects are followed",
        "remote/wire.py",
        "            follow_redirects=False,",
        "            follow_redirects=True,",
    ),
    Mutant(
        "a time of writing in the future makes a file one that is always read",
        "local/hashing.py",
        "    set_by_hand = stat.mtime_ns > row.hashed_at_ns >= stat.ctime_ns",
        "    set_by_hand = False",
    ),
    Mutant(
        "a file that is written while it is read has the bytes that were read",
        "local/hashing.py",
        "    if not file.is_as_opened():",
        "    if False:",
    ),
    Mutant(
        "what lies on another disk than before is absent",
        "local/root.py",
        "        if any(below(path, top) for top in self.displaced()):",
        "        if False:",
    ),
    Mutant(
        "an empty disk in the place of the old one is followed",
        "local/root.py",
        "            if not self._is_on_a_new_mount(anew) or not anew._has_most_of(list(known())):",
        "            if not self._is_on_a_new_mount(anew):",
    ),
    Mutant(
        "a copy on another disk is followed",
        "local/root.py",
        "            if not self._is_on_a_new_mount(anew) or not anew._has_most_of(list(known())):",
        "            if not anew._has_most_of(list(known())):",
    ),
    Mutant(
        "what a cloud has taken off the disk is absent",
        "local/root.py",
        "    if placeholder:\n        return Sighting(",
        "    if False:\n        return Sighting(",
    ),
    Mutant(
        "what a cloud has taken off the disk is absent, in a scan",
        "local/scan.py",
        "            if original and original not in names:",
        "            if False:",
    ),
    Mutant(
        "what stands for a file in the cloud is a file",
        "local/scan.py",
        "        if stands_for(name):",
        "        if False:",
    ),
    Mutant(
        "the program's own files are files like any other",
        "local/scan.py",
        "    if own and any(below(path, mine) for mine in own):",
        "    if False:",
    ),
    Mutant(
        "what lies on another disk than before is looked at",
        "local/scan.py",
        "        if any(below(parent, top) for top in self._displaced):",
        "        if False:",
    ),
    Mutant(
        "rules that are being written are the rules",
        "local/rules.py",
        "    if not file.is_as_opened():",
        "    if False:",
    ),
    Mutant(
        "a folder may have two programs",
        "local/lock.py",
        "        if exc.errno not in _HELD:",
        "        if True:",
    ),
    Mutant(
        "a state goes on with another study",
        "state/store.py",
        "        if key := binding.another(known, now):",
        "        if False and (key := binding.another(known, now)):",
    ),
    Mutant(
        "a wrong clock makes old deletes young",
        "state/store.py",
        "            if at - now > seconds:",
        "            if False:",
    ),
    Mutant(
        "what is gone leaves its attempts",
        "state/store.py",
        '        self.settled(path, late)\n        self._write("DELETE FROM manifest',
        '        self._write("DELETE FROM manifest',
    ),
    Mutant(
        "nobody remembers what was put back",
        "state/store.py",
        "        return before.put_back or again",
        "        return False",
    ),
    Mutant(
        "the trash takes whatever comes",
        "state/trash.py",
        "            if new and not self._has_room(content.size):",
        "            if False:",
    ),
    Mutant(
        "what was kept a moment ago is thrown away with what is old",
        "state/trash.py",
        "            self._unlink(sha256, self._clock() - JUST_KEPT_S)",
        "            self._unlink(sha256, self._clock() + JUST_KEPT_S)",
    ),
]
