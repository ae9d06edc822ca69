#!/usr/bin/env python3
"""Compares the worker with a Python peer on the same endpoint, and prints the ratios of one run.

    python3 benches/compare.py [--runs N] [--jobs N]

Installs the peer (boto3, aws-xray-sdk) by pip into target/bench-python, builds the release program,
serves a local S3 and X-Ray on free ports, and runs both sides in turn: one bucket, start to exit; a
fleet of 200, Python with 16 threads; and, of the worker alone, very many jobs that change nothing, for
time and memory. It asserts nothing: machines differ. Needs Linux, Python 3 and cargo.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = TARGET / "release" / "xray-ecs"
PEER = ROOT / "benches" / "python" / "peer.py"


def prepare():
    venv = ROOT / "target" / "bench-python"
    python = venv / "bin" / "python"
    has_peer = [python, "-c", "import boto3, aws_xray_sdk"]
    if not python.exists() or subprocess.run(has_peer, capture_output=True).returncode:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "boto3", "aws-xray-sdk"], check=True)
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return python


class Server:
    """`xray-ecs local` on free ports, in a directory of its own."""

    def __init__(self, directory):
        command = [PROGRAM, "local", "--dir", directory]
        for flag in ("--listen", "--s3", "--daemon"):
            command += [flag, "127.0.0.1:0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.variables = {}
        while "AWS_SECRET_ACCESS_KEY" not in self.variables:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("xray-ecs local ended at its start")
            self.variables.update(re.findall(r"(\w+)='?([^'\s]+)'?", line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Run:
    """One process from its start to its exit: wall and CPU seconds, peak memory in MiB."""

    def __init__(self, command, variables):
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.perf_counter() - started
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command} ended with {process.returncode}")


def median(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def in_turn(ours, theirs, variables, count):
    """Both sides again and again, one after the other, so that noise meets both."""
    Run(ours, variables), Run(theirs, variables)  # makes what is missing, warms the disk
    pairs = [(Run(ours, variables), Run(theirs, variables)) for _ in range(count)]
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]


def line(name, runs):
    walls = [run.wall * 1e3 for run in runs]
    print(
        f"  {name:9} {statistics.median(walls):8.1f} ms wall ({min(walls):.1f} to {max(walls):.1f}), "
        f"{median(runs, 'cpu') * 1e3:8.1f} ms CPU, {median(runs, 'peak'):6.1f} MiB"
    )


def one_bucket(python, variables, count):
    job_file = ROOT / "jobs" / "create-bucket.json"
    ours, theirs = in_turn([PROGRAM, "run", job_file], [python, PEER, job_file], variables, count)
    print(f"one bucket that is there, {count} pairs, start to exit")
    line("xray-ecs", ours)
    line("python", theirs)
    ratio = median(theirs, "wall") / median(ours, "wall")
    print(f"  {ratio:.0f} times faster (budget 40), {median(ours, 'peak'):.1f} MiB (budget 20)")


def fleet(python, variables, count):
    job_file = ROOT / "jobs" / "fleet.json"
    size = len(json.loads(job_file.read_text())["jobs"])
    ours, theirs = in_turn(
        [PROGRAM, "run", job_file], [python, PEER, job_file, "16"], variables, count
    )
    print(f"fleet of {size} that is there, {count} pairs, Python with 16 threads")
    line("xray-ecs", ours)
    line("python", theirs)
    start = Run([python, "-c", "import boto3, aws_xray_sdk.core"], variables).cpu
    per_second = [size / median(runs, "cpu") for runs in (ours, theirs)]
    without_start = size / (median(theirs, "cpu") - start)
    print(
        f"  {per_second[0]:.0f} and {per_second[1]:.0f} jobs per CPU-second: "
        f"{per_second[0] / per_second[1]:.1f} times (budget 10); "
        f"{per_second[0] / without_start:.1f} times what Python does without its start"
    )


def many(directory, variables, most):
    """Jobs that change nothing, in JSON Lines; their buckets are made first."""
    print("jobs that change nothing, in JSON Lines (budget: linear, at most 100 MiB)")
    for share in (10, 2, 1):
        count = most // share
        job_file = Path(directory) / f"{count}.jsonl"
        header = {"version": 1, "name": "many", "max_concurrency": 16}
        with job_file.open("w", encoding="utf-8") as file:
            print(json.dumps(header), file=file)
            for number in range(count):
                name = f"bench-many-{number:06}"
                job = {"name": name, "type": "create-bucket", "bucket": name}
                print(json.dumps(job), file=file)
        Run([PROGRAM, "run", job_file], variables)
        run = Run([PROGRAM, "run", job_file], variables)
        print(
            f"  {count:7} jobs: {run.wall:6.1f} s wall, {run.wall / count * 1e6:6.0f} us a job, "
            f"{run.cpu / count * 1e6:6.0f} us CPU a job, {run.peak:6.1f} MiB"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=20, help="pairs of one bucket")
    parser.add_argument("--jobs", type=int, default=100_000, help="jobs that change nothing; 0: none")
    args = parser.parse_args()
    python = prepare()
    with tempfile.TemporaryDirectory() as directory, Server(directory) as server:
        variables = {"PATH": os.environ["PATH"], "HOME": directory, **server.variables}
        variables["AWS_EC2_METADATA_DISABLED"] = "true"
        one_bucket(python, variables, args.runs)
        fleet(python, variables, max(3, args.runs // 4))
        if args.jobs:
            many(directory, variables, args.jobs)


main()
