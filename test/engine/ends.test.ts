import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { execute } from "../../src/session/run/execute.ts";
import { runOnHosts } from "../../src/session/run/fleetRun.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { shell } from "../support/fakeStack.ts";
import { type TestStack, Transcript, testStack } from "../support/testStack.ts";

/** Records the signals and the end of input that it sees. */
const witness = `trap 'echo HUP >>"$0"; exit 129' HUP; trap 'echo TERM >>"$0"; exit 143' TERM; trap 'echo USR1 >>"$0"' USR1
echo ready; while read -r line; do echo "line $line" >>"$0"; done; echo EOF >>"$0"; sleep 30 & wait`;

describe("how sessions end, for a login that is not root", () => {
  let host: SshdHost;
  let config: string;
  let next = 0;

  beforeAll(async () => {
    host = await startSshd({ user: "throwaway" });
    config = join(host.folder, "config");
    await writeFile(
      config,
      host.sshConfigText("lab") + host.sshConfigText("down", ["Port 1", "ConnectTimeout 2"]),
    );
  });

  afterAll(() => host.stop());

  /** Starts the recording program without a pty, and returns its file. */
  async function watched(stack: TestStack, pty: boolean) {
    const file = join(host.home, `witness-${next++}`);
    const session = await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: `bash -c '${witness.replaceAll("'", `'\\''`)}' ${file}` },
      ...(pty && { pty: shell.pty }),
    });
    const transcript = new Transcript(session);
    await transcript.waitFor(/ready/);
    const saw = async (word: string): Promise<void> => {
      await until(
        async () => (await readFile(file, "utf8").catch(() => "")).includes(word),
        `the program saw ${word}`,
      );
    };
    return { session, transcript, saw };
  }

  it("disconnect: queued data arrives, then EOF", async () => {
    await using stack = await testStack(config);
    const { session, saw } = await watched(stack, false);
    session.write(Buffer.from(`${"x".repeat(200_000)} last\n`));
    const disconnecting = session.disconnect();
    await saw(" last");
    await saw("EOF");
    await disconnecting;
    expect((await session.ended).kind).toBe("disconnected");
  });

  it("closing a terminal hangs up its programs", async () => {
    await using stack = await testStack(config);
    const { session, saw } = await watched(stack, true);
    await session.disconnect();
    await saw("HUP");
  });

  it("kill ends the session at once locally, and the program with a signal", async () => {
    // The program has little time before its end: on a busy machine it could not always record what it saw.
    const slow: Clock = {
      ...systemClock,
      setTimeout: (callback, delay) => systemClock.setTimeout(callback, 50 * delay),
    };
    await using stack = await testStack(config, { clock: slow });
    const { session, saw } = await watched(stack, false);
    session.kill();
    expect(session.state.kind).toBe("ended");
    await saw("HUP");
  });

  it("signals reach the program by name", async () => {
    await using stack = await testStack(config);
    const { session, saw } = await watched(stack, false);
    session.signal("USR1");
    session.write(Buffer.from("go on\n"));
    await saw("USR1");
    session.signal("TERM");
    await saw("TERM");
    expect(await session.ended).toMatchObject({ kind: "exited", code: 143 });
  });

  it("EOF lets a program print its last output", async () => {
    await using stack = await testStack(config);
    const run = await execute(stack.service, "lab", "sort", { stdin: "b\na\n" });
    expect(run.stdout.toString()).toBe("a\nb\n");
  });

  it("kill and disconnect end a session whose peer reads nothing, and one on a stopped server", async () => {
    await using stack = await testStack(config);
    const blocked = await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: "sleep 60" },
    });
    blocked.resume();
    while (blocked.write(Buffer.alloc(256 * 1024))) {
      // Until the window is full.
    }
    const other = await stack.service.open({ host: "lab", ...shell });
    blocked.kill();
    expect((await blocked.ended).kind).toBe("killed");
    host.freeze();
    try {
      const ended = stack.service.disconnect(other.id);
      other.kill();
      await ended;
      expect((await other.ended).kind).toBe("killed");
      stack.service.kill(stack.master().id);
      expect(stack.service.masters()).toEqual([]);
    } finally {
      host.thaw();
    }
  });

  it("a command on five hosts, one of them down, is not delayed on the others", async () => {
    await using stack = await testStack(config);
    const runs = await runOnHosts(stack.service, ["lab", "lab", "down", "lab", "lab"], "echo hi", {});
    expect(runs.map((run) => (run.kind === "done" ? run.execution.stdout.toString() : run.kind))).toEqual([
      "hi\n",
      "hi\n",
      "failed",
      "hi\n",
      "hi\n",
    ]);
  });
});
