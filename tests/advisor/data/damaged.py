"""Damaged files, and a driver that runs `advisor data check` on files, each in a process of its own.

    python damaged.py CHECK FILE...     prints one JSON object a file: file, code, peak_bytes, output

The processes are forked from one that has imported the program, so that thirty of them take seconds.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

PAIR = {"question": "How much is the parcel?", "answer": "Four euros."}
LINE = json.dumps(PAIR).encode() + b"\n"
TURNS = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


def damaged_files() -> dict[str, tuple[bytes, bool]]:
    """Name, bytes, and whether the reader must refuse them."""
    import pyarrow
    from pyarrow import parquet

    whole = LINE * 60
    packed, zstd = gzip.compress(whole), pyarrow.compress(whole, codec="zstd", asbytes=True)
    table = io.BytesIO()
    parquet.write_table(pyarrow.table({"question": ["a"] * 60, "answer": ["b"] * 60}), table)
    columns, noise = table.getvalue(), random.Random(0).randbytes(4000)
    deep = b'{"question": ' + b"[" * 200_000 + b"]" * 200_000 + b', "answer": "b"}\n'
    many = json.dumps({f"key {index}": index for index in range(10_000)} | PAIR).encode() + b"\n"
    huge = json.dumps({"question": "x" * 50_000_000, "answer": "b"}).encode() + b"\n"
    return {
        "truncated.jsonl": (whole[:-30], True),
        "half_a_character.jsonl": (LINE + '{"question": "é'.encode()[:-1], True),
        "latin1.jsonl": (LINE + '{"question": "é", "answer": "b"}\n'.encode("latin-1"), True),
        "utf16.jsonl": (whole.decode().encode("utf-16"), True),
        "utf16_without_mark.jsonl": (whole.decode().encode("utf-16-le"), True),
        "utf32.jsonl": (whole.decode().encode("utf-32"), True),
        "nul_in_line.jsonl": (whole + b'{"question": "a\0", "answer": "b"}\n', True),
        "nul_far_inside.jsonl": (LINE * 3000 + b"\0" * 40 + b"\n", True),
        "mixed_line_ends.jsonl": (LINE + LINE[:-1] + b"\r\n" + LINE + b"\r\n\n" + LINE, False),
        "only_carriage_returns.jsonl": (LINE.replace(b"\n", b"\r") * 3, True),
        "deep_nesting.jsonl": (deep, True),
        "deep_array.json": (b"[" * 200_000, True),
        "many_keys.jsonl": (many * 2, False),
        "huge_line_of_noise.jsonl": (b'{"question": "' + b"x" * 50_000_000 + b"\n", True),
        "huge_line_of_lists.jsonl": (b'{"question": [' + b"[]," * 16_000_000 + b"[]]}\n", True),
        "huge_pair.jsonl": (huge, False),
        "wrong_types.jsonl": (b'1\n"text"\nnull\n[]\n{"question": {}, "answer": []}\n', True),
        "not_a_number.jsonl": (b'{"question": NaN, "answer": -Infinity}\n', True),
        "huge_number.jsonl": (b'{"question": ' + b"9" * 6000 + b', "answer": "b"}\n', True),
        "lone_surrogate.jsonl": (b'{"question": "\\ud800", "answer": "b"}\n', True),
        "array_cut.json": (json.dumps([PAIR] * 60).encode()[:-20], True),
        "array_without_comma.json": (b"[" + LINE + LINE + b"]", True),
        "array_then_more.json": (json.dumps([PAIR]).encode() + b"]", True),
        "half_a_gzip.jsonl.gz": (packed[: len(packed) // 2], True),
        "broken_gzip.jsonl.gz": (packed[:20] + b"\xff" * 10 + packed[30:], True),
        "half_a_zstd.jsonl.zst": (zstd[: len(zstd) // 2], True),
        "broken_zstd.jsonl.zst": (zstd[:8] + bytes(255 - byte for byte in zstd[8:20]) + zstd[20:], True),
        "half_a_parquet.parquet": (columns[: len(columns) // 2], True),
        "parquet_with_noise.parquet": (columns[:40] + noise[:100] + columns[140:], True),
        "no_parquet.parquet": (noise, True),
        "unbalanced_quotes.csv": (b'question,answer\n"a,b\nc,d\n', True),
        "quote_inside.csv": (b'question,answer\n"a"b,c\nd,e\n', True),
        "ragged.csv": (b"question,answer\na,b,c\nd\n", True),
        "latin1.csv": ("question,answer\né,b\n".encode("latin-1"), True),
        "twice_the_same_column.csv": (b"question,question,answer\na,b,c\n", True),
        "header_alone.csv": (b"question,answer\n", True),
        "empty.jsonl": (b"", True),
        "noise.jsonl": (noise, True),
        "noise.csv": (noise.replace(b"\0", b""), True),
        "repeated_keys.jsonl": (b'{"question": "a", "question": "b", "answer": "c"}\n' + whole, False),
        "sound.jsonl": (json.dumps(TURNS).encode() + b"\n", False),
    }


def check(path: str) -> dict[str, Any]:
    """Run the command in a child; the peak is of the child alone, what it shares with this process included."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            _become_the_program(["data", "check", path])
        _, status, usage = os.wait4(child, 0)
        output.seek(0)
        said = output.read(20_000).decode("utf-8", errors="replace")
    return {
        "file": Path(path).name,
        "code": os.waitstatus_to_exitcode(status),
        "peak_bytes": usage.ru_maxrss * 1024,
        "seconds": usage.ru_utime + usage.ru_stime,
        "output": said,
    }


def _become_the_program(arguments: list[str]) -> None:
    from advisor.__main__ import main

    code = 1
    try:
        # A runaway must not take the machine with it.
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        sys.argv = ["advisor", *arguments]
        main()
    except SystemExit as ended:
        code = int(ended.code or 0) if not isinstance(ended.code, str) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(json.dumps(check(name)) + "\n")
        sys.stdout.flush()
