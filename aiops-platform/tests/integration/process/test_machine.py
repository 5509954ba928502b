"""The few things that every process needs from the machine, each by itself."""

import multiprocessing
import os
import socket
import stat
import threading

import pytest

from aiops_platform.process import folder, sockets
from aiops_platform.process.lifeline import ChildLine, Lifeline
from aiops_platform.process.lock import FolderLock, LockHeldError, LockUnusableError, holder_of


def test_a_lock_is_held_by_one_and_says_by_whom(tmp_path):
    path = tmp_path / "serve.lock"
    with FolderLock.take(path) as lock:
        lock.note(pid=1, url="http://first")
        lock.note(pid=2, url="http://x")

        with pytest.raises(LockHeldError):
            FolderLock.take(path)
        assert holder_of(path) == {"pid": 2, "url": "http://x"}
    assert holder_of(path) is None
    FolderLock.take(path).release()


def test_a_lock_without_a_note_is_held_all_the_same(tmp_path):
    with FolderLock.take(tmp_path / "serve.lock"):
        assert holder_of(tmp_path / "serve.lock") == {}


def test_a_lock_is_waited_for(tmp_path):
    lock = FolderLock.take(tmp_path / "serve.lock")
    threading.Timer(0.1, lock.release).start()

    FolderLock.take(tmp_path / "serve.lock", wait=10).release()


def test_a_lock_that_cannot_be_made_says_so(tmp_path):
    with pytest.raises(LockUnusableError, match=r"nowhere/serve\.lock"):
        FolderLock.take(tmp_path / "nowhere" / "serve.lock")


def test_nobody_holds_a_lock_that_was_never_made(tmp_path):
    assert holder_of(tmp_path / "serve.lock") is None


def test_a_lifeline_says_ready_and_gone():
    line = ChildLine()
    child = Lifeline(os.dup(line.descriptor_for_child))
    line.hand_over()

    assert line.listen() == ""
    child.say_ready()
    assert line.listen() == "ready"
    child._socket.close()
    assert line.listen() == "gone"
    line.close()


def test_a_child_learns_when_its_supervisor_is_gone():
    line = ChildLine()

    # In a process of its own: whoever watches a lifeline is ended when its patience is over.
    def learn(descriptor: int) -> None:
        line._mine.close()
        told = threading.Event()
        child = Lifeline(descriptor)
        child.watch(told.set, patience=600)
        assert told.wait(60)
        child.say_ready()

    child = multiprocessing.get_context("fork").Process(target=learn, args=(os.dup(line.descriptor_for_child),))
    child.start()
    line.hand_over()
    assert line.listen() == ""
    line.close()

    child.join(60)
    assert child.exitcode == 0


def test_a_child_that_does_not_end_is_ended():
    line = ChildLine()

    def cling(descriptor: int) -> None:
        line._mine.close()
        Lifeline(descriptor).watch(lambda: None, patience=0.1)
        threading.Event().wait(60)

    child = multiprocessing.get_context("fork").Process(target=cling, args=(os.dup(line.descriptor_for_child),))
    child.start()
    line.close()

    child.join(60)
    assert child.exitcode == 1


def test_every_address_of_a_name_gets_the_same_port():
    listening = sockets.listen("localhost", 0)

    assert len({each.getsockname()[1] for each in listening}) == 1
    assert sockets.port_of(listening) == listening[0].getsockname()[1]
    for each in listening:
        each.close()


def test_a_taken_port_is_not_shared():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(sockets.PortTakenError, match="--port"):
        sockets.listen("127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize("host", ["198.51.100.1", "no such host", "x" * 300, "a..b"])
def test_a_host_that_is_not_here_is_named(host):
    with pytest.raises(sockets.ListenError, match="--host"):
        sockets.listen(host, 0)


def test_a_server_secret_is_made_once_and_for_one_user(tmp_path):
    secret = folder.server_secret(tmp_path)

    assert len(secret) >= 43
    assert folder.server_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_two_that_start_together_agree_on_a_secret(tmp_path):
    context = multiprocessing.get_context("fork")
    with context.Pool(4) as pool:
        secrets = pool.map(folder.server_secret, [tmp_path] * 20, chunksize=1)

    assert len(set(secrets)) == 1


def test_an_empty_secret_is_no_secret(tmp_path):
    (tmp_path / "secret.key").write_text("\n")

    with pytest.raises(folder.FolderError, match="is empty"):
        folder.server_secret(tmp_path)
