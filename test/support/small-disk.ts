import { execFileSync, spawnSync } from "node:child_process";

/** Mounts a small file system; gives the reason when this machine does not let it be done. */
export function mount(folder: string, options: string): string | undefined {
  const ran = spawnSync("mount", ["-t", "tmpfs", "-o", options, "rnc-test", folder]);
  return ran.status === 0 ? undefined : (ran.error?.message ?? ran.stderr.toString().trim());
}

/** Takes it away, also from under a process that is still at it. */
export const unmount = (folder: string): void => void execFileSync("umount", ["-l", folder]);
