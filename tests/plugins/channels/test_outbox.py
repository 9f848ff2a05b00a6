from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from siyu.kinds import Message
from siyu_plugins.channels.outbox import Outbox


def message(touch: int, text: str = "欢迎\n来喝茶") -> Message:
    return Message(
        touch=touch,
        recipient=2**61 + 1,
        recipient_kind="member",
        sender="staff-1",
        address="wecom:wm7",
        campaign="welcome",
        step="hello",
        content="welcome",
        title="",
        text=text,
        offer="new-10",
        purpose="service",
    )


def files(folder: Path) -> list[Path]:
    return sorted((folder / "outbox").iterdir())


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_what_a_message_has(tmp_path: Path) -> None:
    receipts = list(Outbox(name="mail", folder=tmp_path).send([message(2**61 + 3), message(8)]))
    (file,) = files(tmp_path)
    assert [(receipt.touch, receipt.state, receipt.provider_id) for receipt in receipts] == [
        (2**61 + 3, "sent", file.name),
        (8, "sent", file.name),
    ]
    assert rows(file)[0] == {
        "touch": "2305843009213693955",
        "recipient": "2305843009213693953",
        "recipient_kind": "member",
        "sender": "staff-1",
        "address": "wecom:wm7",
        "campaign": "welcome",
        "step": "hello",
        "content": "welcome",
        "title": "",
        "text": "欢迎\n来喝茶",
        "offer": "new-10",
        "purpose": "service",
        "unsubscribe": "",
    }
    assert [row["touch"] for row in rows(file)] == ["2305843009213693955", "8"]


def test_a_batch_that_is_sent_again_replaces_its_file_in_any_order(tmp_path: Path) -> None:
    channel = Outbox(name="mail", folder=tmp_path)
    list(channel.send([message(1), message(2)]))
    list(channel.send([message(2, "new"), message(1, "new")]))
    (file,) = files(tmp_path)
    assert [(row["touch"], row["text"]) for row in rows(file)] == [("2", "new"), ("1", "new")]


def test_another_batch_has_another_file(tmp_path: Path) -> None:
    channel = Outbox(name="mail", folder=tmp_path)
    list(channel.send([message(1), message(2)]))
    list(channel.send([message(12)]))
    assert len(files(tmp_path)) == 2


def test_no_messages_no_file(tmp_path: Path) -> None:
    assert list(Outbox(name="mail", folder=tmp_path).send([])) == []
    assert list(tmp_path.iterdir()) == []


def test_the_folder_may_lie_deeper_or_elsewhere(tmp_path: Path) -> None:
    for path in ("out/mail", str(tmp_path / "elsewhere")):
        list(Outbox(name="mail", folder=tmp_path / "brand", path=path).send([message(1)]))
    assert len(list((tmp_path / "brand/out/mail").iterdir())) == 1
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_what_cannot_be_written_failed(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file, no folder")
    (receipt,) = Outbox(name="mail", folder=tmp_path).send([message(1)])
    assert receipt.state == "failed"
    assert receipt.reason.startswith(f"cannot write {tmp_path / 'outbox'}")


def test_a_file_that_was_cut_short_is_no_message_and_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Outbox(name="mail", folder=tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        (receipt,) = channel.send([message(1)])
    assert (receipt.state, receipt.reason.rpartition(": ")[2]) == ("failed", "No space left on device")
    assert list((tmp_path / "outbox").glob("*.jsonl")) == []
    list(channel.send([message(1)]))
    assert [file.suffix for file in files(tmp_path)] == [".jsonl"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a process by a signal")
def test_a_killed_process_leaves_whole_files_only(tmp_path: Path) -> None:
    for delay in (0.05, 0.1, 0.2):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    written: Sequence[Path] = list((tmp_path / "outbox").glob("*.jsonl"))
    assert written
    assert {len(rows(file)) for file in written} == {2000}


_WRITER = """
import sys
from itertools import count
from pathlib import Path

from siyu.kinds import Message
from siyu_plugins.channels.outbox import Outbox

channel = Outbox(name="mail", folder=Path(sys.argv[1]))
for number in count():
    first = number * 2000
    channel.send([Message(first + more, *["x" * 20] * 11) for more in range(2000)])
    print(number, flush=True)
"""


def test_an_empty_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a folder for the files"):
        Outbox(name="mail", folder=tmp_path, path=" ")
