"""Locks of files: one holder among threads and processes, and none after a death."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from skshallow._estimators.files.lock import Locked, locked

HOLDER = """
import os, sys, time
from skshallow._estimators.files.lock import locked
with locked(sys.argv[1]):
    children = [os.fork()] if sys.argv[2:] else []
    if children != [0]:
        print(*children, flush=True)
    time.sleep(60)
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "it.npz"


def hold(path, *arguments):
    """Start a process that holds the lock; return it and the processes that it forked."""
    program = [sys.executable, "-c", HOLDER, str(path), *arguments]
    holder = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    return holder, [int(word) for word in holder.stdout.readline().split()]


def end(holder):
    holder.kill()
    holder.wait()
    holder.stdout.close()


def test_nobody_else_gets_a_lock_that_is_held(path):
    with locked(path):
        assert path.with_name(".it.npz.lock").exists()
        with ThreadPoolExecutor(1) as pool, pytest.raises(Locked):
            pool.submit(locked(path).__enter__).result()
        with pytest.raises(Locked), locked(path):
            pass
        with locked(path.with_name("other.npz")):
            pass
    with locked(path):
        pass
    assert os.listdir(path.parent) == []


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="this system has no links")
def test_a_link_and_what_it_leads_to_have_one_lock(path):
    link = path.with_name("link.npz")
    link.symlink_to(path)
    with locked(link), pytest.raises(Locked), locked(path):
        pass


def test_an_error_releases_the_lock(path):
    with pytest.raises(KeyboardInterrupt), locked(path):
        raise KeyboardInterrupt
    with locked(path):
        pass


def test_threads_hold_the_lock_one_at_a_time(path):
    """Each holder removes the file, which others may have opened already."""
    inside = threading.Semaphore(1)

    def hold_again_and_again():
        n_held = 0
        while n_held < 50:
            with suppress(Locked), locked(path):
                assert inside.acquire(blocking=False)
                n_held += 1
                inside.release()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(hold_again_and_again) for _ in range(4)]:
            done.result()
    assert os.listdir(path.parent) == []


def test_a_process_that_is_killed_holds_nothing(path):
    holder, _ = hold(path)
    try:
        with pytest.raises(Locked), locked(path):
            pass
    finally:
        end(holder)
    assert os.listdir(path.parent) == [".it.npz.lock"]
    with locked(path):
        pass
    assert os.listdir(path.parent) == []


@needs_fork
def comes_free(path, seconds=20):
    """Return whether the lock is to be had; a child that just began may yet close it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with locked(path):
                return True
        except Locked:
            time.sleep(0.05)
    return False


def test_a_process_that_was_forked_does_not_keep_the_lock(path):
    holder, (child,) = hold(path, "fork")
    try:
        with pytest.raises(Locked), locked(path):
            pass
    finally:
        end(holder)
    try:
        assert comes_free(path)
    finally:
        os.kill(child, signal.SIGKILL)


def test_without_locks_nothing_is_locked(path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(path), locked(path):
        assert os.listdir(path.parent) == []


def test_without_a_folder_nothing_is_locked(path):
    with locked(path / "none"):
        pass
