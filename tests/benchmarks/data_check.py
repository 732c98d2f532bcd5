"""`advisor data check` on 100,000 and 1,000,000 rows, beside `soup data dedup` and `soup data validate`.

    python -m venv /tmp/soup && /tmp/soup/bin/pip install 'soup-cli[data]==0.77.0'
    python tests/benchmarks/data_check.py --soup /tmp/soup/bin/soup --rows 100000 --rows 1000000 [--profile] [--minhash]

Makes each file in a temporary folder by repeating and perturbing the shared data (seeded), runs every program on
it in a process of its own on two cores, and prints seconds and peak memory as a table. Nothing is written
into the checkout. soup runs on the first size only. `--profile` adds the seconds that our parts take, `--minhash` the same
near pairs found by datasketch's MinHash LSH, verified. Needs the shared data beside the checkout, or `--data FOLDER`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "classification/banking77_train",
    "classification/banking77_test",
    "classification/dbpedia_samples",
    "domain/pubmedqa_pqal",
    "korean/klue_nli_dev",
    "korean/songys_chatbot",
    "output_format/restaurant8k_test",
    "output_format/text2sql_advising",
    "sentiment/poem_sentiment",
    "sentiment/vader_amazon",
    "sentiment/vader_tweets",
    "summarisation/legal_plain_tldrlegal",
    "summarisation/legal_plain_tosdr",
)
FLOODS = (
    "Good morning, I am writing to you about the order which I placed with your shop last month and which you"
    " promised to send within three working days, but nothing has come so far; its number is {}",
    "안녕하세요, 지난달에 주문한 상품이 아직 도착하지 않았는데 언제쯤 받을 수 있는지 확인해 주시면 정말 감사하겠습니다."
    " 배송이 많이 늦어지면 취소하고 싶습니다. 주문 번호 {}",
    "Ticket {}: the customer cannot log in after the latest update of the app, please look into it today.",
)
"""Of the first two any two rows are near duplicates, of the third hardly any."""

Pair = tuple[str, str]


def made_rows(data: Path, count: int, seed: int = 7) -> Iterator[Pair]:
    """Yield (prompt, answer): the shared rows once in random order, then variations of them.

    Of the variations 5% are exact copies, 10% differ in one word, 1% are one of three templates with a number,
    and the rest join the first half of one prompt to the second half of another of the same file.
    """
    chance = random.Random(seed)
    files = [_pairs(data / f"{name}.jsonl") for name in SOURCES]
    base = [(pair, rows) for rows in files for pair in rows]
    chance.shuffle(base)
    for number in range(count):
        if number < len(base):
            yield base[number][0]
            continue
        pair, rows = chance.choice(base)
        yield _varied(pair, rows, chance)


def _varied(pair: Pair, rows: Sequence[Pair], chance: random.Random) -> Pair:
    kind, words = chance.random(), pair[0].split(" ")
    if kind < 0.05:
        return pair
    if kind < 0.06:
        return chance.choice(FLOODS).format(chance.randrange(10**6)), "order status"
    other = chance.choice(rows)[0].split(" ")
    if kind < 0.16:
        words[chance.randrange(len(words))] = chance.choice(other)
        return " ".join(words), pair[1]
    return " ".join(words[: (len(words) + 1) // 2] + other[len(other) // 2 :]), pair[1]


def _pairs(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8") as lines:
        return [(row["input"], row["output"]) for row in map(json.loads, lines)]


def write_chat(path: Path, rows: Iterator[Pair]) -> None:
    """Write rows as OpenAI chat, which both programs read."""
    with path.open("w", encoding="utf-8") as out:
        for prompt, answer in rows:
            turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
            out.write(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")


def measured(command: Sequence[str], folder: Path) -> dict[str, Any]:
    """Run a command and return its seconds, peak resident memory in GiB, exit code and output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    start = time.perf_counter()
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "seconds": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "gib": usage.ru_maxrss / 2**20,
        "code": child.returncode,
        "out": (folder / "out.txt").read_text(encoding="utf-8", errors="replace"),
        "err": (folder / "err.txt").read_text(encoding="utf-8", errors="replace"),
    }


def on_two_cores() -> None:
    """Keep this process and its children on two cores, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


PROFILE = """
import cProfile, pstats, sys
from pathlib import Path
from advisor.data.checking import check_file
profile = cProfile.Profile()
profile.runcall(check_file, Path(sys.argv[1]))
rows = [(value[3], name) for name, value in pstats.Stats(profile).stats.items() if "/advisor/" in name[0] or "/rubrics/" in name[0]]
for seconds, (file, line, name) in sorted(rows, reverse=True)[:40]:
    print(f"{seconds:8.2f} s  {Path(file).parent.name}/{Path(file).name}:{line} {name}")
"""


JOIN = """
import sys, time
from advisor.data.reading import read_file
from advisor.data.similarity import near_pair_blocks
texts = list(dict.fromkeys(row.prompt for row in read_file(__import__("pathlib").Path(sys.argv[1])).rows))
start = time.process_time()
pairs = sum(len(block.left) for block in near_pair_blocks(texts))
print(f"{pairs} pairs in {time.process_time() - start:.1f} s of processor time")
"""

MINHASH = """
import json, sys, time
from datasketch import MinHash, MinHashLSH
from advisor.data.shingles import shingles, units_of, without_shared_text
from rubrics.text import norm
rows = map(json.loads, open(sys.argv[1], encoding="utf-8"))
texts = list(dict.fromkeys(row["messages"][0]["content"] for row in rows))
start = time.process_time()
texts = without_shared_text([norm(text) for text in texts])
units = units_of(texts)
index, sets, pairs, proposed = MinHashLSH(threshold=0.8, num_perm=int(sys.argv[2])), [], 0, 0
for at, (text, unit) in enumerate(zip(texts, units)):
    own = shingles(text, unit)
    sketch = MinHash(num_perm=int(sys.argv[2]))
    sketch.update_batch([shingle.encode() for shingle in own])
    found = index.query(sketch)
    proposed += len(found)
    near = (other for other in found if units[other] == unit)
    pairs += sum(len(own & sets[other]) >= 0.8 * len(own | sets[other]) - 1e-12 for other in near)
    index.insert(at, sketch)
    sets.append(own)
print(f"{pairs} pairs (of {proposed} proposed) in {time.process_time() - start:.1f} s of processor time")
"""


def main() -> None:
    """Make the files, run the programs, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="may be repeated; 100000 if not given")
    parser.add_argument("--soup", type=Path, help="the installed `soup` command")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument(
        "--minhash", action="store_true", help="compare our join with datasketch, which soup brings"
    )
    given = parser.parse_args()
    on_two_cores()
    print(f"{'rows':>9}  {'program':<28} {'wall s':>7} {'cpu s':>7} {'GiB':>6}  exit")
    for size_number, count in enumerate(given.rows or [100_000]):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "rows.jsonl"
            write_chat(file, made_rows(given.data, count))
            programs = {
                "advisor data check": [sys.executable, "-m", "advisor", "data", "check", str(file), "--json"]
            }
            if given.soup and not size_number:
                soup = [str(given.soup.absolute()), "data"]
                programs["soup data dedup"] = [*soup, "dedup", str(file), "-o", str(folder / "kept.jsonl")]
                programs["soup data validate"] = [*soup, "validate", str(file)]
            for title, command in programs.items():
                result = measured(command, folder)
                print(
                    f"{count:>9,}  {title:<28} {result['seconds']:7.1f} {result['cpu']:7.1f} {result['gib']:6.2f}  {result['code']}",
                    flush=True,
                )
                if result["code"] not in (0, 3):
                    print(result["err"][-2000:] or result["out"][-2000:])
                if title == "advisor data check" and result["code"] in (0, 3):
                    _show_findings(result["out"])
            if given.minhash and given.soup and not size_number:
                python = str(given.soup.absolute().parent / "python")
                ours = measured([sys.executable, "-c", JOIN, str(file)], folder)
                print(
                    f"           prompts, exact join:       {ours['out'].strip()}, {ours['gib']:.2f} GiB",
                    flush=True,
                )
                for permutations in ("128", "256"):
                    theirs = measured([python, "-c", MINHASH, str(file), permutations], folder)
                    said = theirs["out"].strip() or theirs["err"][-1000:]
                    print(
                        f"           prompts, MinHash LSH {permutations}:  {said}, {theirs['gib']:.2f} GiB",
                        flush=True,
                    )
            if given.profile:
                print(measured([sys.executable, "-c", PROFILE, str(file)], folder)["out"])


def _show_findings(printed: str) -> None:
    print(f"           {len(printed) / 2**20:.1f} MiB of JSON")
    for finding in json.loads(printed)["findings"]:
        if finding["check"] in {"D1", "D2", "D3", "D4"}:
            print(f"           {finding['check']} {finding['message'][:100]}")


if __name__ == "__main__":
    main()
