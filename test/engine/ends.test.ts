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

/** Writes down what it sees of its end: signals, end of input. */
const witness = `trap 'echo HUP >>"$0"; exit 129' HUP; trap 'echo TERM >>"$0"; exit 143' TERM; trap 'echo USR1 >>"$0"' USR1
echo ready; while read -r line; do echo "line $line" >>"$0"; done; echo EOF >>"$0"; sleep 30 & wait`;

describe("how sessions end, seen from a login that is not root's", () => {
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

  /** Starts the witness without a pty, and gives the file that it writes. */
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

  it("disconnect: what is queued arrives, then EOF", async () => {
    await using stack = await testStack(config);
    const { session, saw } = await watched(stack, false);
    session.write(Buffer.from(`${"x".repeat(200_000)} last\n`));
    const disconnecting = session.disconnect();
    await saw(" last");
    await saw("EOF");
    await disconnecting;
    expect((await session.ended).kind).toBe("disconnected");
  });

  it("closing a terminal hangs up what runs in it", async () => {
    await using stack = await testStack(config);
    const { session, saw } = await watched(stack, true);
    await session.disconnect();
    await saw("HUP");
  });

  it("kill ends it at once here, and there with a signal", async () => {
    // The program's last moment is short: on a busy machine it would not always get to say what it saw.
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

  it("EOF alone lets a program say its last words", async () => {
    await using stack = await testStack(config);
    const run = await execute(stack.service, "lab", "sort", { stdin: "b\na\n" });
    expect(run.stdout.toString()).toBe("a\nb\n");
  });

  it("a session whose peer takes nothing more, and one on a stopped server, still end by kill and by disconnect", async () => {
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

  it("five hosts at once, one of them down: the others are not held up", async () => {
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
