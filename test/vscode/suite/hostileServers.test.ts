import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SshSessionsApi } from "../../../src/api.ts";
import { hostileServers } from "../../attack/support/hostileServers.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { repositoryRoot } from "../../setup/repository.ts";
import { longestBlockInHost } from "./blockInHost.ts";
import { activated, endEverything, type TestConfig, useSshConfig } from "./extensionUnderTest.ts";
import { outputMark } from "./suiteResults.ts";

/** Messages in each flood. */
const size = 4_000;

/** Milliseconds of processor time: far above the goal of 50, which `npm run bench -- attack` compares with. */
const most = 500;

describe("attacks on the extension host: the event loop and other connections continue", () => {
  let api: SshSessionsApi;
  let good: SshdHost;
  let config: TestConfig;
  let folder: string;
  let program: ChildProcess;
  let served: Set<number>;
  let onServed: () => void = () => {};
  const blocks: { name: string; wall: number; processor: number | undefined }[] = [];

  before(async () => {
    api = await activated();
    good = await startSshd();
    folder = await mkdtemp(join(tmpdir(), "attack-host-"));
    served = new Set();
    // A Node that can run TypeScript; the extension host's own may be older.
    program = spawn(
      join(repositoryRoot, "node_modules", "node", "bin", "node"),
      [join(repositoryRoot, "test", "attack", "support", "hostileServerProgram.ts"), String(size)],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    assert.ok(program.stdout);
    const ports = await new Promise<{ port: number; config: string }[]>((resolve, reject) => {
      program.on("error", reject);
      program.on("exit", (code) => reject(new Error(`The hostile servers ended with ${code}`)));
      createInterface(program.stdout ?? process.stdin).on("line", (line) => {
        const [, index] = /^served (\d+)$/.exec(line) ?? [];
        if (index === undefined) {
          resolve(JSON.parse(line));
        } else {
          served.add(Number(index));
          onServed();
        }
      });
    });
    await writeFile(
      join(folder, "huge"),
      `[other.example]:22 ssh-ed25519 ${"A".repeat(80)}\n`.repeat(500_000),
    );
    config = await useSshConfig(
      [
        ...ports.map(
          ({ port, config: lines }, index) =>
            `Host evil${index}\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  BatchMode yes\n` +
            `  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  ${lines}\n`,
        ),
        `Host huge\n  UserKnownHostsFile ${join(folder, "huge")}\n${good.sshConfigText("huge")}`,
        good.sshConfigText("good"),
      ].join("\n"),
    );
    await api.exec("good", "true");
  });

  after(async () => {
    program.stdin?.end();
    await endEverything();
    await config.dispose();
    await good.stop();
    await rm(folder, { recursive: true, force: true });
    for (const { name, wall, processor } of blocks) {
      const used = processor === undefined ? "" : `, of processor time ${processor.toFixed(1)} ms`;
      console.log(`${outputMark}  longest block ${wall.toFixed(1)} ms${used}: ${name}`);
    }
    const file = process.env["SSH_SESSIONS_HOST_BLOCKS"];
    if (file !== undefined) {
      writeFileSync(file, JSON.stringify(blocks));
    }
  });

  /** Runs the attack beside commands on a good connection. */
  async function attacked(name: string, attack: () => Promise<unknown>): Promise<void> {
    let done = false;
    const { wall, processor } = await longestBlockInHost(async () => {
      const answers = (async () => {
        do {
          const { stdout } = await api.exec("good", "echo still here");
          assert.equal(stdout, "still here\n");
        } while (!done);
      })();
      await attack().finally(() => {
        done = true;
      });
      await answers;
    });
    blocks.push({ name, wall, processor });
    assert.ok((processor ?? 0) < most, `the event loop had no turn for ${processor} ms of processor time`);
  }

  for (const [index, { name }] of hostileServers.entries()) {
    it(`a server with ${name}`, async () => {
      await attacked(name, async () => {
        const done = new Promise<void>((resolve) => {
          onServed = () => {
            if (served.has(index)) {
              resolve();
            }
          };
        });
        // Refused, ended, or a live connection: each is acceptable.
        await api.connect(`evil${index}`).catch(() => undefined);
        await done;
        const masters = api.masters().filter(({ spec }) => spec === `evil${index}`);
        await Promise.all(masters.map(({ id }) => api.kill(id)));
      });
    });
  }

  it("a known_hosts file of 60 MB", async () => {
    await attacked("known_hosts of 60 MB", async () => {
      await api.exec("huge", "true").catch(() => undefined);
    });
  });

  it("a command's output of 8 MB in short lines", async () => {
    await attacked("8 MB of output of a command", async () => {
      const { stdout } = await api.exec("good", "yes | head -c 8000000");
      assert.ok(stdout.length > 0);
    });
  });
});
