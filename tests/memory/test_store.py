"""The store: what replaces what, what ends when, what comes back out, and what is told where it cannot be used."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from plain_encoder import PlainEncoder

from diaglib.memory.store import Store, StoreError, open_store

FRIDAY = datetime(2026, 11, 20, 9)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with open_store("me", tmp_path, PlainEncoder()) as opened:
        yield opened


def shown(store: Store, at: datetime = FRIDAY, **which) -> list[str]:
    return [str(item.shown(at.date())) for item in store.items(at=at, **which)]


def test_a_newer_value_replaces_the_older_and_keeps_it_as_history(store) -> None:
    store.add("좋아하는 가수", "아이유", "아이유가 좋아", at=FRIDAY)
    store.add("좋아하는  가수", "뉴진스", "이제 뉴진스가 좋아", at=FRIDAY + HOUR)
    assert shown(store) == ["[좋아하는 가수: 뉴진스]"]
    assert [(item.value, item.current, item.message) for item in store.items(history=True)] == [
        ("아이유", False, "아이유가 좋아"),
        ("뉴진스", True, "이제 뉴진스가 좋아"),
    ]


def test_what_was_said_earlier_does_not_replace_what_was_said_later(store) -> None:
    store.add("사는 곳", "부산", at=FRIDAY)
    assert not store.add("사는 곳", "서울", at=FRIDAY - DAY).current
    assert shown(store) == ["[사는 곳: 부산]"]


def test_the_same_value_again_is_no_history_but_renews_its_message(store) -> None:
    store.add("취미", "기타", "기타를 쳐", at=FRIDAY)
    store.add("취미", "기타", "", at=FRIDAY + HOUR)
    (item,) = store.items(history=True, at=FRIDAY)
    assert (item.message, item.said_at) == ("기타를 쳐", FRIDAY + HOUR)


def test_a_key_of_a_day_ends_with_its_day(store) -> None:
    store.add("오늘 일정", "운동", at=FRIDAY)
    store.add("내일 일정", "발표", at=FRIDAY)
    assert shown(store) == ["[오늘 일정: 운동]", "[내일 일정: 발표]"]
    assert shown(store, FRIDAY + DAY) == ["[오늘 일정: 발표]"]
    assert shown(store, FRIDAY + 2 * DAY) == []
    assert [match.item.value for match in store.search("오늘 일정", at=FRIDAY + DAY)] == ["발표"]
    assert store.search("오늘 일정", at=FRIDAY + 2 * DAY) == []
    assert len(store.items(history=True)) == 2


def test_a_day_is_said_again_by_its_new_name(store) -> None:
    store.add("내일 일정", "발표", at=FRIDAY)
    store.add("오늘 일정", "휴가", "발표가 취소됐어", at=FRIDAY + DAY)
    assert shown(store, FRIDAY + DAY) == ["[오늘 일정: 휴가]"]


def test_namespaces_and_users_do_not_see_each_other(store, tmp_path) -> None:
    store.add("오늘 일정", "운동", at=FRIDAY)
    store.add("오늘 일정", "회의", namespace="work", at=FRIDAY)
    assert shown(store) == ["[오늘 일정: 운동]"]
    assert [match.item.value for match in store.search("오늘 일정", namespace="work", at=FRIDAY)] == ["회의"]
    assert len(store.items(None, at=FRIDAY)) == 2
    with open_store("you", tmp_path, PlainEncoder()) as other:
        assert other.items() == []


@pytest.mark.parametrize("name", ["../../outside", "a/b", "😀", "나 너", "x" * 500, "\ud83d"])
def test_no_name_of_a_user_leaves_the_folder_or_meets_another(tmp_path, name: str) -> None:
    with open_store(name, tmp_path) as one, open_store(f"{name}?", tmp_path) as other:
        assert one.path.parent == other.path.parent == tmp_path
        assert one.path != other.path


def test_search_gives_one_item_a_key_best_first_with_the_message_it_came_from(store) -> None:
    for singer in ("아이유", "뉴진스", "잔나비"):
        store.add("좋아하는 가수", singer, f"{singer} 노래 좋더라")
    store.add("좋아하는 음식", "떡볶이", "떡볶이 먹자")
    first, second = store.search("좋아하는 가수 누구야", count=5)
    assert (first.item.value, first.item.message) == ("잔나비", "잔나비 노래 좋더라")
    assert second.item.key == "좋아하는 음식"
    assert 1 >= first.score > second.score >= 0


def test_forgetting_removes_key_history_and_every_trace_of_the_words(store) -> None:
    store.add("비밀", "옛날비밀번호", at=FRIDAY)
    store.add("비밀", "새비밀번호", at=FRIDAY + HOUR)
    store.search("비밀")
    assert store.forget("비밀") == 2
    assert store.forget("비밀") == 0
    assert store.search("비밀") == []
    for file in store.path.parent.iterdir():
        assert "비밀번호".encode() not in file.read_bytes(), file


def test_a_day_is_forgotten_by_the_name_it_has_now_or_had_then(store) -> None:
    store.add("내일 일정", "발표", at=FRIDAY)
    assert store.forget("오늘 일정", at=FRIDAY) == 0
    assert store.forget("오늘 일정", at=FRIDAY + DAY) == 1
    store.add("내일 일정", "발표", at=FRIDAY)
    assert store.forget("내일 일정", at=FRIDAY + 5 * DAY) == 1


def test_an_export_makes_the_same_store_again(store, tmp_path) -> None:
    store.add("가수", "아이유 [IU] :] 😀", "노래\n좋다 [웃음]", at=FRIDAY)
    store.add("가수", "뉴진스", at=FRIDAY + HOUR)
    store.add("내일 일정", "발표", "내일 발표야", at=FRIDAY)
    store.add("가수", "잔나비", namespace="work", at=FRIDAY)
    text = store.export()
    with Store(tmp_path / "other.sqlite") as other:
        assert other.import_text(text).added == 4
        assert other.export() == text
        assert shown(other, FRIDAY + DAY) == ["[오늘 일정: 발표]", "[가수: 뉴진스]"]
        again = other.import_text(text)
        assert (again.added, again.known, again.problems) == (0, 4, ())


def test_an_import_names_the_lines_that_are_none_and_takes_the_rest(store) -> None:
    result = store.import_text("[가수: 아이유] 좋아\n\n안녕\n[: x] y\n# a comment\n# said never\n[색: 파랑]\r\n")
    assert (result.added, [words.split(":")[0] for words in result.problems]) == (2, ["line 3", "line 4", "line 6"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("", "x"), (" ", "x"), ("가수", ""), ("가[수", "x"), ("가:수", "x"), ("가" * 61, "x"), ("가수", "x" * 10_000)],
)
def test_a_memory_without_a_usable_key_or_value_is_refused_in_words(store, key: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"(key|value|memory)"):
        store.add(key, value)
    assert store.items() == []


@pytest.mark.parametrize(
    "text", ["'); DROP TABLE items; --", "😀🎉", "\ud83d", "a\0b", "가" * 10_000, "[a: b] [", "%s {} $1", "\u202e"]
)
def test_any_message_is_kept_and_searched_for_and_does_nothing(store, text: str) -> None:
    store.add("오늘 일정", "발표", text, at=FRIDAY)
    store.add("가수", text[:100] + "!", text, namespace=text[:50], at=FRIDAY)
    store.search(text, namespace=text[:50])
    assert len(store.items(None, at=FRIDAY)) == 2
    assert shown(store) == ["[오늘 일정: 발표]"]
    assert store.forget("가수", namespace=text[:50]) == 1


def test_times_with_a_zone_are_kept_as_local_ones(store) -> None:
    there = datetime.now(timezone(timedelta(hours=9)))
    store.add("가수", "아이유", at=there)
    store.add("가수", "뉴진스", at=there.replace(tzinfo=None) + 2 * DAY)
    assert len(store.items(history=True)) == 2


def test_two_stores_see_each_others_changes_at_once(store) -> None:
    with Store(store.path, PlainEncoder()) as other:
        store.add("가수", "아이유")
        assert [match.item.value for match in other.search("가수")] == ["아이유"]
        other.add("가수", "뉴진스")
        assert [match.item.value for match in store.search("가수")] == ["뉴진스"]
        store.forget("가수")
        assert other.search("가수") == []


WRITER = """
import sys
from diaglib.memory.store import Store
with Store(sys.argv[1]) as store:
    for number in range(40):
        store.add(f"{sys.argv[2]} {number}", "x")
        store.add("shared", f"{sys.argv[2]} {number}")
"""


def test_two_writers_at_once_lose_nothing_from_the_first_moment_of_the_file_on(tmp_path) -> None:
    path = tmp_path / "shared.sqlite"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    with Store(path) as store:
        assert len(store.items()) == 2 * 40 + 1
        assert len(store.items(history=True)) == 2 * 40 + 2 * 40


def test_a_failed_step_keeps_nothing_of_itself_and_leaves_the_store_usable(store, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("diaglib.memory.store.slot_of", lambda key, day: 1 / (key != "b"))
        with pytest.raises((ZeroDivisionError, AttributeError)):
            store.import_text("[a: 1]\n[b: 2]")
    store.add("c", "3")
    assert shown(store) == ["[c: 3]"]


def make_foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE items (id INTEGER)")
    connection.commit()
    connection.close()


def make_old(path: Path) -> None:
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_foreign, "another program"),
        (make_old, "version 99"),
        (lambda path: path.write_bytes(b"these are not the pages of a database" * 100), "not a memory file"),
        (lambda path: path.mkdir(), "is a folder"),
    ],
    ids=["foreign", "another version", "not a database", "folder"],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path, make, words: str) -> None:
    path = tmp_path / "file.sqlite"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError, match=words):
        Store(path)
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert [file.name for file in tmp_path.iterdir()] == ["file.sqlite"]


def test_an_empty_file_becomes_a_store(tmp_path) -> None:
    (tmp_path / "new.sqlite").touch()
    with Store(tmp_path / "new.sqlite") as store:
        assert store.add("가수", "아이유").value == "아이유"


@contextmanager
def nobody() -> Iterator[None]:
    """Root may write anywhere: for the duration this process is somebody else."""
    if os.geteuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="folders are protected otherwise here")
@pytest.mark.parametrize("with_log", [False, True], ids=["closed", "with a log left by a killed writer"])
def test_on_a_read_only_disk_everything_can_be_read_and_nothing_is_pretended_to_be_written(with_log: bool) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder, "me.sqlite")
        store = Store(path)
        store.add("가수", "아이유")
        files = {file.name: file.read_bytes() for file in Path(folder).iterdir()}
        store.close()
        for name, content in files.items() if with_log else ():
            if not name.endswith("-shm"):
                Path(folder, name).write_bytes(content)
        os.chmod(folder, 0o555)
        for file in Path(folder).iterdir():
            file.chmod(0o444)
        with nobody(), Store(path, PlainEncoder()) as opened:
            assert shown(opened) == ["[가수: 아이유]"]
            assert [match.item.value for match in opened.search("가수")] == ["아이유"]
            for change in (
                lambda: opened.add("가수", "뉴진스"),
                lambda: opened.forget("가수"),
                lambda: opened.import_text("[a: b]"),
            ):
                with pytest.raises(StoreError, match="only be read"):
                    change()
        with nobody(), pytest.raises(StoreError, match="cannot be made"):
            Store(Path(folder, "new.sqlite"))
        os.chmod(folder, 0o755)
