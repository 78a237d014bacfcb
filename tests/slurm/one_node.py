"""A Slurm of one node, started in its own folder: munged, slurmctld and slurmd, all on their own ports.

    with OneNode(folder) as slurm:
        job = slurm.run("sbatch", "--parsable", ...)

Needs root and Debian's packages slurm-wlm and munge. Nothing of the machine's own Slurm is touched.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")
MINUTE = 60.0

CONF = """\
ClusterName=arena
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
KillWait=10
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
"""


def lacking() -> str | None:
    """Return why there is no Slurm to be had here, None if there is."""
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        return f"{', '.join(missing)} missing: apt-get install slurm-wlm munge"
    return None if os.geteuid() == 0 else "a Slurm node runs as root"


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class OneNode:
    def __init__(self, folder: Path, cpus: int) -> None:
        self.folder, self.cpus = folder, cpus
        self.host = socket.gethostname().split(".")[0]
        self._daemons: list[subprocess.Popen[bytes]] = []
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True)
        self.conf = folder / "slurm.conf"
        self.conf.write_text(
            CONF.format(
                host=self.host, folder=folder, cpus=cpus, memory=1000, controller=_free_port(), daemon=_free_port()
            )
        )

    def __enter__(self) -> OneNode:
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        own = [f"--{name}={self.folder}/munge.{name.split('-')[0]}" for name in
               ("key-file", "socket", "pid-file", "log-file", "seed-file")]  # fmt: skip
        try:
            self._start("munged", "--foreground", "--force", *own)
            self._wait(lambda: (self.folder / "munge.socket").exists(), "munged does not answer")
            self._start("slurmctld", "-D", "-f", str(self.conf))
            self._start("slurmd", "-D", "-f", str(self.conf), "-N", self.host)
            self._wait(lambda: "idle" in self.run("sinfo", "--noheader", "--format=%T", check=False), "no node is idle")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what was started here, jobs first."""
        if len(self._daemons) == 3:
            self.run("scancel", "--me", check=False)
        for daemon in reversed(self._daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()

    def _start(self, name: str, *words: str) -> None:
        path = _program(name)
        assert path is not None
        with (self.folder / f"{name}.out").open("wb") as said:
            environ = {**os.environ, "SLURM_CONF": str(self.conf)}
            self._daemons.append(subprocess.Popen([path, *words], stdout=said, stderr=said, env=environ))

    def run(self, *words: str, check: bool = True, **environ: str) -> str:
        """Carry out a command of Slurm and return what it printed."""
        whole = {**os.environ, "SLURM_CONF": str(self.conf), **environ}
        done = subprocess.run(words, env=whole, capture_output=True, text=True, timeout=MINUTE, check=False)
        assert not check or done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()

    def wait(self, job: str, seconds: float) -> None:
        """Wait until nothing of a job is left in the queue."""
        self._wait(lambda: not self.run("squeue", "--noheader", f"--jobs={job}", check=False), f"job {job}", seconds)

    def _wait(self, ready: object, what: str, seconds: float = MINUTE) -> None:
        assert callable(ready)
        until = time.monotonic() + seconds
        while not ready():
            gone = [daemon.args[0] for daemon in self._daemons if daemon.poll() is not None]  # type: ignore[index]
            if gone or time.monotonic() > until:
                logs = "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))
                raise AssertionError(f"{what}; ended: {gone}\n{logs}")
            time.sleep(0.2)
