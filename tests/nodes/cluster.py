"""A PostgreSQL of our own with a standby that follows it, and a PgBouncer before it; each ended by its process id."""

import asyncio
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from proxy import Proxy
from wire import Client, Refused

PATIENCE = 60
# Of servers that only listen on sockets in their folder, so that no two runs want the same port.
PRIMARY, STANDBY, POOLER = 5432, 5433, 6432
SETTINGS = {"listen_addresses": "", "max_connections": 60, "shared_buffers": "32MB", "wal_keep_size": "512MB",
            # A process may die here, but never the machine.
            "fsync": "off", "autovacuum": "off", "logging_collector": "off", "log_line_prefix": "%m [%p] %a ",
            "hot_standby": "on", "max_wal_senders": 4, "wal_retrieve_retry_interval": "200ms", "timezone": "UTC"}


def socket_in(folder, port):
    """Where a server of this port listens, by the custom of PostgreSQL."""
    return folder / f".s.PGSQL.{port}"


def binaries():
    """The folder of the newest server that is installed."""
    def version(folder):
        return int(folder.split("/")[-2])

    found = [folder for folder in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(f"{folder}/initdb")]
    if found:
        return Path(max(found, key=version))
    return Path(shutil.which("initdb")).resolve().parent


def account():
    """The server does not run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise AssertionError("there is no account for the server")


class Server:
    """One server. `process` is its postmaster while it runs."""

    def __init__(self, folder, name, port):
        self.folder, self.data, self.log = folder, folder / name, folder / f"{name}.log"
        self.port, self.socket, self.process, self.frozen = port, socket_in(folder, port), None, []

    async def start(self):
        with open(self.log, "ab") as log:
            settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
            self.process = subprocess.Popen([binaries() / "postgres", "-D", self.data, "-p", str(self.port), "-k",
                                             self.folder, *settings], stdout=log, stderr=log, start_new_session=True,
                                            cwd=self.folder, **account())
        await self.until_it_answers()

    async def until_it_answers(self):
        end = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                (await Client.connect(self.socket, database="postgres")).close()
                return
            except (OSError, Refused, asyncio.IncompleteReadError) as error:
                assert self.process.poll() is None, self.log.read_text()[-2000:]
                assert asyncio.get_running_loop().time() < end, f"PostgreSQL does not answer: {error}"
            await asyncio.sleep(0.1)

    async def ask(self, sql, database="postgres"):
        client = await Client.connect(self.socket, database=database)
        try:
            return await client.ask(sql)
        finally:
            client.close()

    async def stop(self, how="fast"):
        """Fast ends the sessions; immediate leaves everything as a crash does."""
        if self.process is None:
            return
        self.thaw()
        self.process.send_signal(signal.SIGINT if how == "fast" else signal.SIGQUIT)
        await asyncio.to_thread(self.process.wait, PATIENCE)
        self.process = None

    def freeze(self):
        """Stops every process of it where it is, the first one first, so that it starts no more."""
        self.frozen = []
        for pid in (self.process.pid, *children(self.process.pid)):
            if send(pid, signal.SIGSTOP):
                self.frozen.append(pid)

    def thaw(self):
        while self.frozen:
            send(self.frozen.pop(), signal.SIGCONT)


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", **account())
    assert done.returncode == 0, done.stdout


class Cluster:
    """A primary, and a standby that follows it through a proxy. `writer` is the server that takes writes."""

    def __init__(self, folder):
        self.folder, self.replication, self.pooler = folder, Proxy(), None
        self.primary, self.standby = Server(folder, "primary", PRIMARY), Server(folder, "standby", STANDBY)
        self.writer, self.synchronous = self.primary, False

    async def start(self, synchronous):
        """With `synchronous`, what was committed is on the standby as well, and outlives the primary."""
        folder = self.folder
        folder.mkdir()
        if account():
            os.chown(folder, account()["user"], account()["group"])
        await asyncio.to_thread(run, binaries() / "initdb", "--no-sync", "--auth=trust", "--username=postgres",
                                "--encoding=UTF8", "--locale=C.UTF-8", "-D", self.primary.data)
        await self.primary.start()
        await self.primary.ask("CREATE ROLE perennial LOGIN")
        await self.primary.ask("CREATE DATABASE perennial OWNER perennial")
        await self.replication.start(self.primary.socket)
        await asyncio.to_thread(run, binaries() / "pg_basebackup", "--no-sync", "--checkpoint=fast",
                                "--wal-method=stream", "-D", self.standby.data, "-R", "-d",
                                f"host=127.0.0.1 port={self.replication.port} user=postgres application_name=standby")
        await self.standby.start()
        await self.until_followed("streaming")
        if synchronous:
            # Of the primary alone: the standby has nobody to wait for.
            await self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            await self.primary.ask("SELECT pg_reload_conf()")
            await self.until_followed("sync")
        self.synchronous = synchronous

    async def until_followed(self, state):
        for _ in range(PATIENCE * 10):
            if [state] in await self.primary.ask(f"SELECT unnest(ARRAY[state, sync_state]) FROM pg_stat_replication"):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the standby is not {state}")

    async def promote(self):
        """Ends the primary as a crash does, and lets the standby take writes."""
        await self.primary.stop("immediate")
        await self.standby.ask("SELECT pg_promote(true, 30)")
        self.writer = self.standby

    async def start_pooler(self):
        """A PgBouncer that hands a session to whoever begins the next transaction. Returns where it listens."""
        place, file = socket_in(self.folder, POOLER), self.folder / "pgbouncer.ini"
        users = self.folder / "users.txt"
        users.write_text('"perennial" ""\n')
        file.write_text(f"[databases]\nperennial = host={self.folder} port={self.writer.port}\n[pgbouncer]\n"
                        f"listen_addr =\nlisten_port = {POOLER}\nunix_socket_dir = {self.folder}\nauth_type = trust\n"
                        f"auth_file = {users}\npool_mode = transaction\nlogfile = {self.folder}/pgbouncer.log\n"
                        "ignore_startup_parameters = extra_float_digits\n")
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        self.pooler = subprocess.Popen([program, file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       cwd=self.folder, **account())
        for _ in range(PATIENCE * 10):
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(place)) == 0:
                    return place
            await asyncio.sleep(0.1)
        raise AssertionError("PgBouncer does not answer")

    async def stop(self):
        self.replication.stop()
        if self.pooler:
            self.pooler.terminate()
            await asyncio.to_thread(self.pooler.wait, PATIENCE)
        for server in (self.standby, self.primary):
            await server.stop("immediate")
