"""Searching: the graph finds what numpy finds, an index on disk is only a shortcut, and the file has the last word."""

from collections.abc import Iterator

import numpy as np
import pytest
from plain_encoder import PlainEncoder

from diaglib.memory.store import Store
from diaglib.memory.store_index import VectorIndex
from diaglib.memory.store_search import Searcher

WORDS = [
    "봄",
    "여름",
    "가을",
    "겨울",
    "노래",
    "영화",
    "커피",
    "산책",
    "여행",
    "공부",
    "운동",
    "요리",
    "친구",
    "가족",
    "회사",
    "바다",
]
KEYS = [f"{one} {other} {third}" for one in WORDS for other in WORDS[:8] for third in WORDS[8:] if one != other]


def lines(keys: list[str]) -> str:
    return "".join(f"[{key}: {number}번] {key} 이야기\n" for number, key in enumerate(keys))


def open_large(path, encoder: PlainEncoder) -> Store:
    """A store whose index becomes a graph beyond 100 items."""
    store = Store(path, encoder)
    store._searcher = Searcher(store, encoder, exact_items=100)
    return store


@pytest.fixture
def encoder() -> PlainEncoder:
    return PlainEncoder()


@pytest.fixture
def store(tmp_path, encoder) -> Iterator[Store]:
    with open_large(tmp_path / "me.sqlite", encoder) as opened:
        opened.import_text(lines(KEYS[:300]))
        yield opened


def test_the_graph_finds_what_numpy_finds() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3_000, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact, graph = VectorIndex(exact_items=10_000), VectorIndex(exact_items=100)
    for index in (exact, graph):
        index.add(np.arange(3_000), vectors)
    assert (exact.is_exact, graph.is_exact) == (True, False)
    same = [len(set(exact.nearest(query, 10)) & set(graph.nearest(query, 10))) for query in vectors[:100]]
    assert sum(same) >= 0.98 * 1_000
    assert all(index.nearest(vectors[7], 1) == [7] for index in (exact, graph))


@pytest.mark.parametrize("exact_items", [100, 5], ids=["exact", "graph"])
def test_what_is_discarded_is_not_found_again(exact_items: int) -> None:
    index = VectorIndex(exact_items)
    index.add(np.arange(20), np.eye(20, dtype=np.float32))
    index.discard([3, 99])
    assert len(index) == 19
    assert 3 not in index.nearest(np.eye(20, dtype=np.float32)[3], 19)
    index.add(np.array([50]), np.eye(20, dtype=np.float32)[3:4])
    assert index.nearest(np.eye(20, dtype=np.float32)[3], 1) == [50]


def test_nothing_is_found_in_nothing(tmp_path, encoder) -> None:
    assert VectorIndex().nearest(np.ones(4, np.float32), 3) == []
    with Store(tmp_path / "me.sqlite", encoder) as store:
        assert store.search("아무거나") == []
        store.add("가수", "아이유")
        assert store.search("") == []
        assert store.search("가수", count=0) == []


def test_only_a_shortlist_is_judged_by_the_encoder(store, encoder) -> None:
    store.search("봄 여름 여행")
    assert max(encoder.judged) < 100


def database_steps(store: Store, message: str, namespace: str = "default") -> int:
    """Instructions of SQLite's virtual machine for one search."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    store.connection.set_progress_handler(count, 1)
    store.search(message, namespace=namespace)
    store.connection.set_progress_handler(None, 0)
    return steps[0]


def test_a_search_does_not_walk_through_what_is_known(store) -> None:
    """Every search of 100,000 items read all of them to see whether one was new: 18 of its 23 ms."""
    store.add("가수", "아이유", namespace="home")
    for namespace in ("default", "home"):
        store.search("봄", namespace=namespace)
    few, few_at_home = database_steps(store, "봄"), database_steps(store, "봄", "home")
    store.import_text(lines(KEYS[300:900]))
    for namespace in ("default", "home"):
        store.search("봄", namespace=namespace)
    assert database_steps(store, "봄") < 1.2 * few
    assert database_steps(store, "봄", "home") < 1.2 * few_at_home


def test_an_index_that_could_not_be_made_for_new_items_takes_them_next_time(store, encoder, monkeypatch) -> None:
    store.search("봄")
    store.add("새로운 것", "하나")
    with monkeypatch.context() as patch:
        patch.setattr(encoder, "memory_vectors", lambda memories: [][1])
        with pytest.raises(IndexError):
            store.search("새로운 것")
    assert store.search("새로운 것")[0].item.value == "하나"


def test_an_index_on_disk_saves_the_next_process_the_work(store, encoder) -> None:
    found = store.search("여름 노래 여행")
    store.close()
    assert list(store.path.parent.glob("*.usearch"))
    again = PlainEncoder()
    with open_large(store.path, again) as reopened:
        reopened.add("새로운 것", "하나")
        assert reopened.search("여름 노래 여행") == found
        assert again.encoded == 1


def test_an_index_of_another_encoder_another_namespace_or_a_namesake_is_not_used(store, tmp_path) -> None:
    store.search("봄")
    store.close()
    other = PlainEncoder("other")
    with open_large(store.path, other) as reopened:
        reopened.search("봄")
        assert other.encoded == 300
        assert reopened.search("봄", namespace="work") == []
    store.path.unlink()
    with open_large(store.path, PlainEncoder()) as namesake:
        namesake.add("가수", "아이유")
        assert [match.item.value for match in namesake.search("봄")] == ["아이유"]


def test_a_damaged_index_is_made_again(store) -> None:
    found = store.search("봄 여름")
    store.close()
    for file in store.path.parent.glob("*.usearch"):
        file.write_bytes(file.read_bytes()[:100])
    with open_large(store.path, PlainEncoder()) as reopened:
        assert reopened.search("봄 여름") == found


def test_replaced_and_forgotten_items_leave_the_graph_whoever_changed_them(store) -> None:
    assert store.search(KEYS[0])[0].item.key == KEYS[0]
    with Store(store.path, PlainEncoder()) as other:
        other.add(KEYS[0], "새 값")
        other.forget(KEYS[1])
        other.import_text("".join(f"[{key}: 다른 값]\n" for key in KEYS[2:120]))
    assert store.search(KEYS[0])[0].item.value == "새 값"
    assert KEYS[1] not in [match.item.key for match in store.search(KEYS[1], count=10)]
    assert {match.item.value for match in store.search(KEYS[5], count=5)} >= {"다른 값"}
    assert len(store.search(KEYS[5], count=299)) == 299


@pytest.mark.parametrize("seed", range(10))
def test_asked_for_all_a_graph_of_twins_with_gaps_misses_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.repeat(rng.normal(size=(150, 16)), 2, axis=0) + rng.normal(size=(300, 16)) / 1000
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    index = VectorIndex(exact_items=100)
    index.add(np.arange(300), vectors)
    index.discard(list(range(120)))
    index.add(np.arange(300, 420), vectors[:120])
    assert sorted(index.nearest(vectors[5], 598)) == list(range(120, 420))


def test_forgetting_removes_the_index_that_was_made_from_the_words(store) -> None:
    store.search("봄")
    store.searcher.save()
    (file,) = store.path.parent.glob("*.usearch")
    file.with_name(f".{file.name[:40]}.1234abcd.part").write_bytes(b"of a process that was killed")
    store.forget(KEYS[0])
    assert {path.name for path in store.path.parent.iterdir()} <= {"me.sqlite", "me.sqlite-wal", "me.sqlite-shm"}


def test_many_keys_of_a_day_are_searched_too(store) -> None:
    store.import_text("".join(f"[오늘 {key}: 값]\n" for key in KEYS[:80]))
    assert store.search(f"오늘 {KEYS[3]}")[0].item.key == f"오늘 {KEYS[3]}"
