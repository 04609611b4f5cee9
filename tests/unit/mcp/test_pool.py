"""The threads for calls."""

from __future__ import annotations

import threading

from kioku_mesh.mcp.pool import Pool


def test_jobs_run_side_by_side_but_not_more_than_allowed() -> None:
    """As many jobs as threads are under way at once, no more."""
    pool, lock, now, most = Pool(3), threading.Lock(), [0], [0]
    together = threading.Barrier(3)

    def job() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        together.wait(10)
        with lock:
            now[0] -= 1

    for _ in range(9):
        pool.submit(job)
    assert pool.finish(10)
    assert most == [3]


def test_waiting_jobs_start_in_the_order_they_came() -> None:
    """One thread takes the oldest job first."""
    pool, order = Pool(1), []
    for number in range(20):
        pool.submit(lambda n=number: order.append(n))
    assert pool.finish(10)
    assert order == list(range(20))


def test_finish_waits_no_longer_than_told() -> None:
    """A job that hangs does not hold the end of the server."""
    pool, free = Pool(1), threading.Event()
    pool.submit(lambda: free.wait(30) and None)
    assert not pool.finish(0.05)
    free.set()
    assert pool.finish(10)


def test_an_unused_pool_has_no_threads() -> None:
    """Threads are started when there is work."""
    before = threading.active_count()
    assert Pool().finish(0)
    assert threading.active_count() == before
