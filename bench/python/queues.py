"""asyncio.Queue and janus on the shapes of the benchmark, each under the name that the scenario has there.

Prints a line for each round: contender, scenario, nanoseconds an item. Every flow checks the sum of what arrived.
"""

import argparse
import asyncio
import sys
import threading
import time

import janus


def check_sum(items, total):
    expected = items * (items - 1) // 2
    if total != expected:
        sys.exit(f"of {items} items the numbers add up to {total} and not {expected}: some were lost or doubled")


def burst(size):
    async def run(items):
        queue = asyncio.Queue(100)
        total = 0
        started = time.perf_counter_ns()
        for first in range(0, items, size):
            for number in range(first, first + size):
                queue.put_nowait(number)
            for _ in range(size):
                total += queue.get_nowait()
        took = time.perf_counter_ns() - started
        check_sum(items, total)
        return took / items

    return run


async def put_share(queue, first, share):
    for number in range(first, first + share):
        await queue.put(number)


async def get_share(queue, share):
    total = 0
    for _ in range(share):
        total += await queue.get()
    return total


def flow(capacity, ends):
    async def run(items):
        queue = asyncio.Queue(capacity)
        share = items // ends
        started = time.perf_counter_ns()
        putters = [asyncio.create_task(put_share(queue, n * share, share)) for n in range(ends)]
        getters = [asyncio.create_task(get_share(queue, share)) for _ in range(ends)]
        await asyncio.gather(*putters)
        total = sum(await asyncio.gather(*getters))
        took = time.perf_counter_ns() - started
        check_sum(share * ends, total)
        return took / (share * ends)

    return run


async def ping_pong(trips):
    there, back = asyncio.Queue(1), asyncio.Queue(1)

    async def echo():
        for _ in range(trips):
            await back.put(await there.get())

    total = 0
    started = time.perf_counter_ns()
    echoing = asyncio.create_task(echo())
    for number in range(trips):
        await there.put(number)
        total += await back.get()
    await echoing
    took = time.perf_counter_ns() - started
    check_sum(trips, total)
    return took / trips


async def unbounded(items):
    queue = asyncio.Queue()
    total = 0
    started = time.perf_counter_ns()
    for number in range(items):
        queue.put_nowait(number)
    for _ in range(items):
        total += queue.get_nowait()
    took = time.perf_counter_ns() - started
    check_sum(items, total)
    return took / items


async def priority(items):
    queue = asyncio.PriorityQueue(items)
    # As in the benchmark: a step that shares no factor with 10,000 visits every number once.
    number, total = 0, 0
    started = time.perf_counter_ns()
    for _ in range(items):
        queue.put_nowait(number)
        number = (number + 6251) % items
    for _ in range(items):
        total += queue.get_nowait()
    took = time.perf_counter_ns() - started
    check_sum(items, total)
    return took / items


def beside(putting, getting):
    """A plain thread at one end: what janus is for."""

    async def run(items):
        queue = janus.Queue(100)
        started = time.perf_counter_ns()
        thread, result = None, []
        if putting == "thread":
            thread = threading.Thread(target=lambda: [queue.sync_q.put(number) for number in range(items)])
        if getting == "thread":
            thread = threading.Thread(target=lambda: result.append(sum(queue.sync_q.get() for _ in range(items))))
        thread.start()
        if putting == "task":
            await put_share(queue.async_q, 0, items)
        if getting == "task":
            result.append(await get_share(queue.async_q, items))
        await asyncio.to_thread(thread.join)
        took = time.perf_counter_ns() - started
        await queue.aclose()
        check_sum(items, result[0])
        return took / items

    return run


# Contender, scenario, items of a round, what is run.
SCENARIOS = [
    ("asyncio.Queue", "try_put and try_get, one thread", 20_000, burst(1)),
    ("asyncio.Queue", "burst of 100, one thread", 20_000, burst(100)),
    ("asyncio.Queue", "1-to-1, ct, capacity 1", 4_000, flow(1, 1)),
    ("asyncio.Queue", "1-to-1, ct, capacity 100", 20_000, flow(100, 1)),
    ("asyncio.Queue", "1-to-1, ct, capacity 1000", 20_000, flow(1000, 1)),
    ("asyncio.Queue", "4-to-4, ct, capacity 100", 20_000, flow(100, 4)),
    ("asyncio.Queue", "ping-pong round trip, ct", 2_000, ping_pong),
    ("asyncio.Queue", "unbounded push and pop", 20_000, unbounded),
    ("asyncio.Queue", "priority, 10,000 items", 10_000, priority),
    ("janus", "thread to async, capacity 100", 1_000, beside("thread", "task")),
    ("janus", "async to thread, capacity 100", 1_000, beside("task", "thread")),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for turn in range(rounds + 1):
        for contender, scenario, items, run in SCENARIOS:
            figure = asyncio.run(run(items))
            # The first turn warms the interpreter up.
            if turn > 0:
                print(f"{contender}\t{scenario}\t{figure:.1f}", flush=True)


if __name__ == "__main__":
    main()
