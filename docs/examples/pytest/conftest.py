"""A fixture that gives each test the activity events of its own statements."""
import json
import os
import subprocess
import time
import urllib.request

import pytest

DAS_LOCAL = os.environ.get("DAS_LOCAL", "das-local")


class Das:
    """One das-local with its stream running in sync mode."""

    def __init__(self, tmp):
        self.out = open(tmp / "das-local.out", "w+")
        self.process = subprocess.Popen(
            [DAS_LOCAL, "up", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--start-stream", "sync"],
            stdout=self.out, stderr=subprocess.STDOUT)
        lines = self._await_lines()
        self.endpoint = lines["endpoint"].split()[0]
        with urllib.request.urlopen(self.endpoint + "/_das/health") as answer:
            host, port = json.load(answer)["postgres"].rsplit(":", 1)
        self.dsn = f"host={host} port={port} user=postgres dbname=postgres"

    def _await_lines(self):
        while self.process.poll() is None:
            self.out.seek(0)
            lines = dict(line.split(None, 1) for line in self.out if " " in line)
            if "events" in lines:
                return lines
            time.sleep(0.05)
        self.out.seek(0)
        raise RuntimeError("das-local ended: " + self.out.read())

    def events(self):
        """All events so far, as dictionaries, oldest first."""
        done = subprocess.run([DAS_LOCAL, "tail", "--endpoint", self.endpoint, "--no-follow"],
                              capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.out.close()


@pytest.fixture(scope="session")
def das(tmp_path_factory):
    d = Das(tmp_path_factory.mktemp("das"))
    yield d
    d.close()
