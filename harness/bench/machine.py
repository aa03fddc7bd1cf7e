"""The machine under measurement: its cores, their other load, its memory, what it is."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_CPUINFO = Path("/proc/cpuinfo")
# user nice system idle iowait irq softirq steal, in the first line of /proc/stat.
_IDLE, _IOWAIT, _STEAL, _KINDS = 3, 4, 7, 8
# User and system time of a process in /proc/PID/stat, after the name and its bracket.
_UTIME = 11


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Processor time of all cores since boot, in the system's ticks."""

    busy: int
    stolen: int
    total: int

    @staticmethod
    def now() -> "CpuTimes | None":
        """Read the times, `None` where the system does not say."""
        try:
            words = _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
        except OSError:
            return None
        ticks = [int(word) for word in words[1 : 1 + _KINDS]]
        idle, total = ticks[_IDLE] + ticks[_IOWAIT], sum(ticks)
        return CpuTimes(total - idle - ticks[_STEAL], ticks[_STEAL], total)


def stolen_percent(before: CpuTimes | None, after: CpuTimes | None) -> float | None:
    """Return the share of time the host gave to others, `None` where the system does not say."""
    if before is None or after is None or after.total <= before.total:
        return None
    return 100 * (after.stolen - before.stolen) / (after.total - before.total)


def busy_percent(before: CpuTimes | None, after: CpuTimes | None) -> float | None:
    """Return the share of all cores' time in use, `None` where the system does not say."""
    if before is None or after is None or after.total <= before.total:
        return None
    return 100 * (after.busy - before.busy) / (after.total - before.total)


def load_average() -> float | None:
    """Return the load of the last minute, `None` where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):
        return None


def client_and_server_core() -> tuple[int, int] | None:
    """Return a core for each side, `None` where there is only one or the system cannot pin."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


def pin(pid: int, core: int) -> None:
    """Keep a process on one core; call it before the process makes threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core})


def resident_kb(pid: int | None = None) -> int | None:
    """Return the memory of a process, this one by default; `None` where the system does not say."""
    try:
        status = Path(f"/proc/{pid or os.getpid()}/status").read_text(encoding="ascii")
    except OSError:
        return None
    lines = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return next((int(line.split()[1]) for line in lines), None)


def cpu_s(pid: int) -> float | None:
    """Return the processor time of a process, all threads; `None` where the system does not say."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return sum(int(word) for word in words[_UTIME : _UTIME + 2]) / os.sysconf("SC_CLK_TCK")


def facts() -> dict[str, str]:
    """Return what is known of the machine, by name."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())
