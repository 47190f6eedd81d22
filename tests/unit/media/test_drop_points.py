import asyncio

import pytest

from facestream.media.drop_points import LatestSlot


async def test_newer_item_replaces_older_and_is_counted():
    slot: LatestSlot[int] = LatestSlot()

    slot.put(1)
    slot.put(2)

    assert await slot.take() == 2
    assert slot.dropped == 1


async def test_take_waits_for_the_next_item():
    slot: LatestSlot[int] = LatestSlot()
    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(slot.take())
        await asyncio.sleep(0)
        slot.put(7)

    assert taking.result() == 7


async def test_wait_leaves_the_item_to_be_replaced():
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)

    await slot.wait()
    slot.put(2)

    assert await slot.take() == 2


async def test_cancelled_take_loses_nothing():
    slot: LatestSlot[int] = LatestSlot()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await slot.take()

    slot.put(3)

    assert await slot.take() == 3
