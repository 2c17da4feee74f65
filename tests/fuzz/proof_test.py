"""How the log of libFuzzer, the results and the two Cargo.lock files are read."""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

import proof
import versions

LOG = """\
INFO: Running with entropic power schedule (0xFF, 100).
#2\tINITED cov: 100 ft: 120 corp: 2/9b exec/s: 0 rss: 40Mb
#4096\tpulse  cov: 700 ft: 1500 corp: 90/10Kb lim: 43 exec/s: 2048 rss: 60Mb
"""
END = """\
#60001\tDONE   cov: 711 ft: 1621 corp: 101/11Kb lim: 4096 exec/s: 983 rss: 70Mb
Done 60001 runs in 61 second(s)
stat::number_of_executed_units: 60001
"""


class Logs(unittest.TestCase):
    def test_the_last_figures_count(self):
        self.assertEqual(proof.read_log(LOG + END), (60001, 1621, 101))

    def test_a_run_that_was_broken_off_has_some(self):
        self.assertEqual(proof.read_log(LOG), (4096, 1500, 90))
        self.assertEqual(proof.read_log("cannot start"), (0, 0, 0))


class Results(unittest.TestCase):
    def test_processor_time_adds_up_for_each_target(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "fuzz.tsv"
            self.assertEqual(proof.cpu_seconds(proof.so_far(file), "batch"), 0)
            for target, seconds in (("batch", 40.5), ("socket", 10), ("batch", 20)):
                proof.append(file, proof.Run(target, seconds, 7, 5, 3, 60, None))
            proof.append(file, proof.Run("socket", 50, 7, 5, 3, 60, Path("crash-1")))
            rows = proof.so_far(file)
        self.assertEqual(proof.cpu_seconds(rows, "batch"), 60.5)
        expected = "2 targets, each with at least 1 minutes of processor time: 28 inputs, 1 findings on the way"
        self.assertEqual(proof.summary(rows), expected)


class Repetition(unittest.TestCase):
    def test_an_input_that_ends_when_it_is_repeated_was_slow_once(self):
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(proof, "PROGRAMS", Path(folder)):
            program = Path(folder) / "socket"
            for code, expected in ((0, True), (70, False)):
                program.write_text(f"#!/bin/sh\nexit {code}\n")
                program.chmod(0o755)
                self.assertEqual(proof.was_slow_once("socket", Path(folder) / "timeout-1"), expected)
            program.write_text("#!/bin/sh\nexit 0\n")
            self.assertFalse(proof.was_slow_once("socket", Path(folder) / "crash-1"))


class Versions(unittest.TestCase):
    def test_only_what_both_have_must_be_the_same(self):
        def lock(**packages):
            return versions.versions(
                "".join(f'[[package]]\nname = "{name}"\nversion = "{one}"\n' for name, one in packages.items()))

        project = lock(tokio="1.54.0", serde="1.0.1")
        self.assertEqual(versions.other_versions(lock(tokio="1.54.0", arbitrary="1.5.0"), project), [])
        self.assertEqual(versions.other_versions(lock(tokio="1.55.0"), project), ["tokio 1.55.0"])


if __name__ == "__main__":
    unittest.main()
