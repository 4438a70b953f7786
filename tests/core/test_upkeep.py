"""What is noticed as time passes."""

from jatossync.core.paths import RelPath
from jatossync.core.upkeep import DAY_S, Expiry, LongUploads, Progress, Sleep

NOW_S = 1_800_000_000.0
VIDEO = RelPath("video.mp4")


def in_ms(days: float) -> int:
    return round((NOW_S + days * DAY_S) * 1000)


def test_a_token_that_ends_within_a_week_is_warned_about_once_a_day() -> None:
    expiry = Expiry()
    assert expiry.days_left(in_ms(6.5), NOW_S) == 6.5
    assert expiry.days_left(in_ms(6.5), NOW_S + 0.9 * DAY_S) is None
    assert expiry.days_left(in_ms(6.5), NOW_S + DAY_S) == 5.5


def test_a_token_that_lasts_or_has_ended_is_not_warned_about() -> None:
    for expires_ms in (0, in_ms(7.1), in_ms(-1)):
        assert Expiry().days_left(expires_ms, NOW_S) is None


def test_a_computer_that_slept_is_noticed_whichever_clock_stood_still() -> None:
    for monotonic_s, wall_s in ((1.0, 3600.0), (3600.0, 3600.0), (3600.0, 1.0)):
        sleep = Sleep()
        assert sleep.slept_s(0, NOW_S) is None
        assert sleep.slept_s(1, NOW_S + 1) is None
        assert sleep.slept_s(1 + monotonic_s, NOW_S + 1 + wall_s) == 3600
        assert sleep.slept_s(2 + monotonic_s, NOW_S + 2 + wall_s) is None


def test_a_clock_that_is_set_back_is_no_sleep() -> None:
    sleep = Sleep()
    sleep.slept_s(0, NOW_S)
    assert sleep.slept_s(1, NOW_S - 7200) is None


def test_an_upload_that_takes_long_is_told_about_again_and_again() -> None:
    long = LongUploads()
    told = []
    for second in range(35):
        uploads = {VIDEO: Progress(VIDEO, 1000, second * 10, float(second))}
        told += [(second, each.sent) for each in long.news(uploads, 100.0 + second)]
    assert told == [(10, 100), (20, 200), (30, 300)]


def test_an_upload_that_begins_anew_is_not_told_about_at_once() -> None:
    long = LongUploads()
    assert long.news({VIDEO: Progress(VIDEO, 1000, 100, 10.0)}, 110.0)
    assert not long.news({}, 111.0)
    assert not long.news({VIDEO: Progress(VIDEO, 1000, 0, 1.0)}, 125.0)


def test_rate_and_time_left_follow_from_what_was_sent() -> None:
    progress = Progress(VIDEO, 1000, 250, 5.0)
    assert progress.bytes_per_s == 50
    assert progress.left_s == 15
    assert Progress(VIDEO, 1000, 0, 0.0).left_s is None
