import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "vitest";
import { spawnGroup } from "../../vscode/harness/processGroup.ts";

// A leader with a child process, whose id it prints; the child ignores SIGTERM.
const parent = `
const child = require("node:child_process").spawn(process.execPath, ["-e", 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'], { stdio: ["ignore", "pipe", "inherit"] });
child.stdout.once("data", () => console.log(child.pid));
setInterval(() => {}, 1000);
`;

// Several Nodes start here, which takes time on a busy machine.
describe.runIf(process.platform !== "win32")("a group of processes", { timeout: 60_000 }, () => {
  it("ends with all its child processes, including those that ignore SIGTERM", async () => {
    const group = spawnGroup(process.execPath, ["-e", parent], { cwd: "/", env: process.env });
    const child = await readNumber(group.leader.stdout);
    await Promise.all([group.end(), group.end()]);
    assert.equal(group.leader.signalCode, "SIGTERM");
    await gone(child);
  });

  it("ends when the process that started it is killed", async () => {
    const module = new URL("../../vscode/harness/processGroup.ts", import.meta.url).href;
    const script = `
      import { spawnGroup } from ${JSON.stringify(module)};
      const group = spawnGroup(process.execPath, ["-e", ${JSON.stringify(parent)}], { cwd: "/", env: process.env });
      group.leader.stdout.pipe(process.stdout);
    `;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const child = await readNumber(owner.stdout);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    await gone(child);
  });
});

async function readNumber(stream: NodeJS.ReadableStream | null): Promise<number> {
  assert.ok(stream);
  const [data] = (await once(stream, "data")) as [Buffer];
  return Number(data.toString());
}

/** Resolves when the process has ended; the test's own time limit ends the wait. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
