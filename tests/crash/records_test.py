import tempfile
import unittest
from pathlib import Path

import records


def attempt(fault, kind, ok=True, unfinished=False):
    return {"operation": "rotate", "fault": fault, "kind": kind, "ok": ok, "unfinished": unfinished}


class RecordsTest(unittest.TestCase):
    def test_attempts_count_by_their_kind(self):
        results = [attempt("crash", "write"), attempt("crash", "receive"), attempt("crash", ""),
                   attempt("eio", "write", unfinished=True), attempt("lie", "fsync", ok=False)]
        rows = records.rows_of(results)
        self.assertEqual(rows["rotate", "crash"]["kinds"], {"write": 1, "answer": 1})
        self.assertEqual(records.summary(rows.values()), "1 operations: 2 ends, 1 disk errors, 1 lying disks; "
                                                         "1 attempts lost or halved something")
        self.assertEqual(records.by_fault(rows.values()).splitlines()[2].split(), ["eio", "1", "1", "0"])
        self.assertEqual(records.table(rows.values(), ["rotate"]).splitlines()[-1].split()[-2:], ["1", "2"])

    def test_what_has_failed_is_tried_again(self):
        with tempfile.TemporaryDirectory() as folder:
            file, kept = Path(folder) / "crashes.jsonl", {}
            rows = records.rows_of([attempt("crash", "write"), attempt("eio", "write", ok=False)])
            for row in rows.values():
                records.write(file, kept, row, "0123456789ab")
            self.assertEqual(list(records.read(file)), [("rotate", "crash")])


if __name__ == "__main__":
    unittest.main()
