import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Names one process across the reuse of its id: when it began, and since which boot of the machine.
 * Null when no process has this id.
 */
export function processStamp(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (process.platform === "linux") {
    try {
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The second field is the program's name in brackets and may itself hold brackets and spaces.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? null : `${boot}:${fields[19]}`;
    } catch {
      return null;
    }
  }
  if (!isAlive(pid)) return null;
  if (process.platform === "win32") return "alive";
  return spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() || null;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The parent of a process, on Linux; null elsewhere or when it is gone. */
export function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}

/** The processes that a process started and that still run, with what they were started with; none where nothing tells. */
export function childrenOf(parent: number): { pid: number; command: string }[] {
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-A", "-o", "ppid=,pid=,args="], { encoding: "utf8" });
    return [...(stdout ?? "").matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].flatMap(([, of, pid, command = ""]) =>
      Number(of) === parent ? [{ pid: Number(pid), command }] : [],
    );
  }
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || parentOf(Number(name)) !== parent) return [];
    try {
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ") }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
