import { type ChildProcess, spawn } from "node:child_process";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";

let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-watches-"));
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

test("the log of ssh is read where other programs have all watches of the user", async () => {
  const log = join(folder, "log");
  const module = JSON.stringify(join(import.meta.dirname, "../../src/engine/openssh/logTail.ts"));
  const script = `
    import { watch } from "node:fs";
    import { LogTail } from ${module};
    try {
      watch(${JSON.stringify(folder)});
    } catch ({ code }) {
      console.log(code);
    }
    const tail = await LogTail.open(${JSON.stringify(log)}, (text) => console.log(text), "read");
    process.on("SIGTERM", () => tail.dispose());`;
  await writeFile(join(folder, "follow.mjs"), script);
  const command = `echo 0 >/proc/sys/user/max_inotify_watches && exec "$0" "$1"`;
  child = spawn("unshare", ["-Ur", "sh", "-c", command, process.execPath, join(folder, "follow.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (data) => (said += String(data)));
  await until(() => said.startsWith("ENOSPC\n"), "no watch is left");
  await appendFile(log, "first");
  await until(() => said.includes("first"), "the first line is read");
  await appendFile(log, "second");
  await until(() => said.includes("second"), "the second line is read");
  child.kill("SIGTERM");
  // No timer is left.
  await exited(child);
  expect(said).toBe("ENOSPC\nfirst\nsecond\n");
});
