# SPDX-License-Identifier: Apache-2.0
"""Libraries from data/ that are preloaded into a server: a disk and a clock that do as a file says."""
import os
import pathlib
import subprocess

import pytest

DATA = pathlib.Path(__file__).parent / "data"


class Shim:
    """One library and the file that steers it. env: for the server."""

    def __init__(self, tmp_path, name, variable):
        self.lib, self.control, self.tries = tmp_path / f"{name}.so", tmp_path / f"{name}.control", 0
        command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", self.lib, DATA / f"{name}.c", "-ldl"]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip(f"no compiler for the {name} that fails")
        self.env = {"LD_PRELOAD": str(self.lib), variable: str(self.control),
                    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:verify_asan_link_order=0"}
        self("")

    def __call__(self, text):
        """The file says that from now on."""
        new = self.control.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self.control)

    def order(self, how, name, calls="sync", skip=0, times=0):
        """See data/disk.c."""
        self.tries += 1
        self(f"{how} {name} {calls} {skip} {times} {self.tries}")
