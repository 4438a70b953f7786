"""core/order.py: a page never arrives before what it needs (law 14)."""

from __future__ import annotations

from jatossync.core.actions import Delete, Upload
from jatossync.core.model import Content, Entry, Kind
from jatossync.core.order import NOT_WAITED_FOR_BYTES, PATIENCE_S, Item, Queue
from jatossync.core.paths import RelPath


def upload(
    path: str, size: int = 1, *, burst: int = 1, since_s: float = 0, refusals: int = 0
) -> Item:
    content = Content(size, "00" * 32, 1)
    action = Upload(RelPath(path), Entry(Kind.FILE, content=content), content)
    return Item(action, burst, since_s, since_s, refusals)


def delete(path: str, *, burst: int = 1, not_before_s: float = 0) -> Item:
    return Item(Delete(RelPath(path), frozenset()), burst, 0, not_before_s)


def queue(*items: Item, workers: int = 8) -> Queue:
    filled = Queue(workers)
    for item in items:
        filled.put(item)
    return filled


def startable(filled: Queue, now_s: float = 0) -> list[str]:
    """What may start now, all of it."""
    taken: list[str] = []
    while (item := filled.take(now_s)) is not None:
        taken.append(item.path)
    return taken


def order_of(filled: Queue) -> list[str]:
    """The order in which one after another would go."""
    done: list[str] = []
    while (item := filled.take(0)) is not None:
        done.append(item.path)
        filled.finish(item.path)
    return done


def test_pictures_go_before_styles_before_scripts_before_pages_before_deletes() -> None:
    filled = queue(
        delete("old.png"), upload("a.html"), upload("a.js"), upload("a.css"), upload("a.png")
    )
    assert order_of(filled) == ["a.png", "a.css", "a.js", "a.html", "old.png"]


def test_a_page_waits_for_a_script_that_is_still_under_way() -> None:
    filled = queue(upload("a.js"), upload("a.html"))
    assert startable(filled) == ["a.js"]
    filled.finish(RelPath("a.js"))
    assert startable(filled) == ["a.html"]


def test_a_page_does_not_wait_longer_than_its_patience() -> None:
    filled = queue(upload("a.js"), upload("a.html"))
    assert startable(filled, PATIENCE_S - 1) == ["a.js"]
    assert filled.wake_s(PATIENCE_S - 1) == PATIENCE_S
    assert startable(filled, PATIENCE_S) == ["a.html"]


def test_a_page_does_not_wait_for_a_huge_video_but_the_deletes_of_its_burst_do() -> None:
    filled = queue(upload("a.mp4", NOT_WAITED_FOR_BYTES + 1), upload("a.html"), delete("b.mp4"))
    assert startable(filled) == ["a.mp4", "a.html"]
    filled.finish(RelPath("a.html"))
    assert startable(filled) == []
    filled.finish(RelPath("a.mp4"))
    assert startable(filled) == ["b.mp4"]


def test_a_refused_file_holds_nobody_up() -> None:
    refused = Item(upload("a.js").action, 1, 0, not_before_s=500, refusals=2)
    filled = queue(refused, upload("a.html"), delete("old.js"))
    assert startable(filled) == ["a.html"]
    filled.finish(RelPath("a.html"))
    assert startable(filled) == ["old.js"]


def test_deletes_do_not_wait_for_the_uploads_of_another_burst() -> None:
    filled = queue(upload("a.mp4", NOT_WAITED_FOR_BYTES + 1, burst=1), delete("x", burst=2))
    assert startable(filled) == ["a.mp4", "x"]


def test_a_delete_waits_for_its_delay() -> None:
    filled = queue(delete("a", not_before_s=2))
    assert startable(filled, 1.9) == []
    assert filled.wake_s(1.9) == 2
    assert startable(filled, 2) == ["a"]


def test_a_file_that_stands_where_a_directory_is_needed_goes_first() -> None:
    filled = queue(upload("a/b.txt"), upload("c.txt"), delete("a"))
    assert startable(filled) == ["a", "c.txt"]
    filled.finish(RelPath("a"))
    assert startable(filled) == ["a/b.txt"]


def test_files_below_a_directory_that_became_a_file_go_first() -> None:
    filled = queue(upload("a"), delete("a/b/c.txt"), delete("a/d.txt"))
    assert startable(filled) == ["a/b/c.txt", "a/d.txt"]
    filled.finish(RelPath("a/b/c.txt"))
    assert startable(filled) == []
    filled.finish(RelPath("a/d.txt"))
    assert startable(filled) == ["a"]


def test_two_workers_are_kept_for_small_files() -> None:
    large = 9 * 1024 * 1024
    filled = queue(*(upload(f"{n}.mp4", large) for n in range(5)), upload("a.png"), workers=4)
    assert startable(filled) == ["0.mp4", "1.mp4", "a.png"]


def test_a_path_has_one_request_at_a_time_and_a_newer_decision_replaces_the_waiting_one() -> None:
    filled = queue(upload("a.js", 1), upload("a.js", 2))
    item = filled.take(0)
    assert item is not None
    assert isinstance(item.action, Upload)
    assert item.action.content.size == 2
    assert len(filled) == 1
    assert RelPath("a.js") in filled.under_way


def test_clearing_forgets_what_waits_and_leaves_what_is_under_way() -> None:
    filled = queue(upload("a.js"), upload("a.html"), delete("b"))
    assert startable(filled) == ["a.js"]
    filled.clear()
    assert [item.path for item in filled] == ["a.js"]
    filled.finish(RelPath("a.js"))
    filled.put(upload("b.html"))
    assert startable(filled) == ["b.html"]


def test_two_names_that_jatos_may_take_for_one_go_one_after_the_other() -> None:
    filled = queue(upload("Case.js"), upload("case.js"))
    assert startable(filled) == ["Case.js"]
    filled.finish(RelPath("Case.js"))
    assert startable(filled) == ["case.js"]
