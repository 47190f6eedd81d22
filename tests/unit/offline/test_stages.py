import threading
from collections.abc import Iterator

import pytest

from facestream.offline.stages import Behind, ahead
from tests.times import seconds


def test_items_come_in_order_and_from_another_thread():
    threads = set[int]()

    def numbers() -> Iterator[int]:
        for number in range(20):
            threads.add(threading.get_ident())
            yield number

    with ahead(numbers(), 3, "numbers") as taken:
        got = list(taken)

    assert got == list(range(20))
    assert threading.get_ident() not in threads


def test_no_more_than_the_bound_is_made_ahead():
    made = list[int]()
    third = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            if len(made) == 3:
                third.set()
            yield number

    with ahead(numbers(), 2, "numbers"):
        assert third.wait(seconds(5))

    # Two wait, and one is in the hand of the thread.
    assert len(made) <= 3


def test_a_failure_of_the_items_is_raised_after_those_before_it():
    def numbers() -> Iterator[int]:
        yield 1
        raise OSError("cut off")

    with ahead(numbers(), 2, "numbers") as taken:
        assert next(taken) == 1
        with pytest.raises(OSError, match="cut off"):
            next(taken)


def test_items_that_nobody_takes_do_not_hold_the_end():
    with ahead(iter(range(1000)), 1, "numbers") as taken:
        assert next(taken) == 0


def test_all_items_are_consumed_in_order_before_finish_returns():
    consumed = list[int]()
    behind = Behind(consumed.append, 2, "behind")

    for number in range(20):
        behind.put(number)
    behind.finish()

    assert consumed == list(range(20))


def test_a_failure_of_the_consumer_is_raised_and_nobody_waits():
    def fail(_number: int) -> None:
        raise OSError("disk full")

    behind = Behind(fail, 1, "behind")

    def put_many() -> None:
        for number in range(20):
            behind.put(number)
        behind.finish()

    with pytest.raises(OSError, match="disk full"):
        put_many()
    behind.drop()


def test_dropped_items_are_not_consumed():
    began, go_on = threading.Event(), threading.Event()
    consumed = list[int]()

    def consume(number: int) -> None:
        began.set()
        go_on.wait(seconds(5))
        consumed.append(number)

    behind = Behind(consume, 5, "behind")
    for number in range(5):
        behind.put(number)
    began.wait(seconds(5))
    ender = threading.Thread(target=behind.drop)
    ender.start()
    while not behind._dropping:
        pass
    go_on.set()
    ender.join()

    assert consumed == [0]
