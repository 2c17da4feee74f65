"""Operations of commands, and of a daemon that starts."""

import contextlib
import json
import re
import shutil
import sqlite3
import time
from pathlib import Path

from operations import FIRST, QUICK, Operation, check_inventory
from place import HERE, KEY, wait_for


class Command(Operation):
    """One that a command does by itself. `command` completes it, also after it was broken off."""

    is_tool, command, needs_daemon, fault = True, (), False, None

    def prepare(self):
        super().prepare()
        self.place.stop()

    def act(self):
        """Returns whether the command came to its end."""
        done = self.place.ask(*self.line(), more=self.fault)
        self.acked = done.returncode == 0
        if done.returncode not in (0, 1, 3, 137, 78):
            raise AssertionError(f"{done}")
        self.stderr = done.stderr
        return done.returncode != 137

    def line(self):
        return self.command

    def run_again(self):
        done = self.place.ask(*self.line())
        assert done.returncode == 0, done


class Rekey(Command):
    command = ("rekey",)

    def come_back(self):
        """A disk that lied may have lost the new key's name. The daemon says what to do."""
        try:
            super().come_back()
        except AssertionError as refused:
            if not self.weak or "sudo perennial rekey" not in str(refused):
                raise
            self.run_again()
            super().come_back()

    def check(self):
        self.check_tokens()

    def again(self):
        self.place.stop()
        self.run_again()
        assert (self.place.folder / "inventory.key").read_text().strip() != KEY
        self.place.start()
        self.check_tokens()
        self.place.stop()
        # The old key is kept for earlier copies, and no longer opens the inventory.
        current = (self.place.folder / "inventory.key").read_text()
        self.place.write_secret("inventory.key", KEY)
        refused = self.place.ask("run", patience=10)
        assert refused.returncode == 78, refused
        self.place.write_secret("inventory.key", current)
        self.place.start()

    def check_file(self):
        super().check_file()
        kept = [path.read_text().strip() for path in self.place.folder.glob("inventory.key.old-*")]
        assert KEY in kept, "the old key is not kept"


class RekeyData(Rekey):
    command = ("rekey", "--data-keys")


class Backup(Command):
    def line(self):
        return ("backup", str(self.place.folder / "copy.db"))

    def check(self):
        self.check_tokens()
        copy = self.place.folder / "copy.db"
        if self.acked and not self.weak:
            assert copy.exists(), "the copy is lost"
        self.is_there = copy.exists()

    def again(self):
        self.place.stop()
        copy = self.place.folder / "copy.db"
        if not self.is_there:
            self.run_again()
        check_inventory(copy)
        with contextlib.closing(sqlite3.connect(copy)) as inventory:
            count, = inventory.execute("SELECT COUNT(*) FROM token").fetchone()
            assert count == len(self.imported), f"the copy has {count} tokens"
        left = [path.name for path in self.place.folder.glob("copy.db*")]
        assert left == ["copy.db"], left
        done = self.place.ask("restore", "--yes", str(copy))
        assert done.returncode == 0, done
        self.place.start()
        self.check_tokens()


class LiveBackup(Backup):
    """A copy while the daemon runs."""

    needs_daemon = True


class Restore(Command):
    """The inventory has a token more than the copy that replaces it."""

    def prepare(self):
        Operation.prepare(self)
        done = self.place.ask("backup", str(self.place.folder / "copy.db"))
        assert done.returncode == 0, done
        self.import_token("spare")
        self.until_healthy(["spare"])
        self.place.stop()

    def line(self):
        return ("restore", "--yes", str(self.place.folder / "copy.db"))

    def check(self):
        found = self.check_tokens()
        kept = [path for path in self.place.folder.glob("inventory.db.before-restore-*") if path.name[-1] == "Z"]
        assert "spare" in found or any(self.has_spare(path) for path in kept), "the replaced inventory is lost"

    def has_spare(self, path):
        check_inventory(path)
        with contextlib.closing(sqlite3.connect(path)) as inventory:
            return bool(inventory.execute("SELECT 1 FROM token WHERE name = 'spare'").fetchone())

    def again(self):
        self.place.stop()
        # Files that are kept are named by the second.
        time.sleep(1.001 - time.time() % 1 if list(self.place.folder.glob("*before-restore*")) else 0)
        self.run_again()
        self.place.start()
        assert set(self.check_tokens()) == set(self.imported)
        kept = [path for path in self.place.folder.glob("inventory.db.before-restore-*") if path.name[-1] == "Z"]
        assert any(self.has_spare(path) for path in kept), "the replaced inventory is lost"


class Start(Operation):
    """The first start, on nothing."""

    from_start, imported = True, ()

    def prepare(self):
        """Nothing is there yet."""

    def act(self):
        self.acked = self.place.is_ready()

    def check(self):
        assert self.place.get("/v1/tokens")["tokens"] == []

    def again(self):
        assert self.import_token("novel")[0] == 201
        self.until_healthy(["novel"])
        self.same("novel", self.place.secret("novel"), self.issued["novel"])


class Recover(Start):
    """A start on what a crash left: the write-ahead log holds changes."""

    imported = FIRST

    def prepare(self):
        Operation.prepare(self)
        self.place.kill()

    def check(self):
        self.check_tokens()


class StartRestored(Recover):
    """The first start after a restore."""

    def prepare(self):
        Operation.prepare(self)
        copy = str(self.place.folder / "copy.db")
        assert self.place.ask("backup", copy).returncode == 0
        self.place.stop()
        restored = self.place.ask("restore", "--yes", copy)
        assert restored.returncode == 0, restored


class Upgrade(Start):
    """A start on an inventory that the first version left."""

    def prepare(self):
        text = Path(HERE / "../fixtures/inventory/0001.sql").read_text()
        with contextlib.closing(sqlite3.connect(self.place.folder / "inventory.db")) as inventory:
            inventory.executescript(text)
        self.place.write_secret("inventory.key", re.search("-- key: (.*)", text)[1])
        whole = self.place.folder.with_name("whole")
        shutil.copytree(self.place.folder, whole)
        self.place.start()
        (whole / "secrets").write_text(json.dumps(self.place.secrets()))
        self.place.kill()
        shutil.rmtree(self.place.folder)
        shutil.move(whole, self.place.folder)

    def check(self):
        expected = json.loads((self.place.folder / "secrets").read_text())
        assert len(expected) == 20 and all(expected.values())
        assert self.place.secrets() == expected


class Nightly(Operation):
    """The daemon's own backup."""

    configuration = QUICK.replace('backup = ""', 'backup = "* * * * * *"')

    def prepare(self):
        self.place.configuration = QUICK
        self.place.configure()
        super().prepare()
        self.place.stop()
        shutil.rmtree(self.place.folder / "backups", ignore_errors=True)
        (self.place.folder / "backups").mkdir(0o700)

    def furnish(self):
        self.place.configuration = self.configuration
        self.place.configure()

    def copies(self):
        return sorted((self.place.folder / "backups").glob("inventory-*Z.db"))

    def act(self):
        before = self.copies()
        wait_for("the copy", lambda: len(self.copies()) > len(before) or self.place.has_ended())

    def check(self):
        self.check_tokens()

    def again(self):
        before = set(self.copies())
        wait_for("the copy", lambda: set(self.copies()) - before)
        self.place.stop()
        for copy in self.copies():
            check_inventory(copy)
        self.place.start()

    def check_file(self):
        check_inventory(self.place.folder / "inventory.db")
