import { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CancelledError } from "../../src/base/errors.ts";
import { Channel } from "../../src/engine/channels/channel.ts";
import { execute } from "../../src/session/run/execute.ts";
import { SshSession } from "../../src/session/sshSession.ts";
import { SessionLink } from "../../src/terminal/sessionLink.ts";
import { TerminalController } from "../../src/terminal/terminalController.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { shell } from "../support/fakeStack.ts";
import { healthStack } from "../support/healthStack.ts";
import { activeResources, leftBehind, liveObjects, openDescriptors } from "../support/heldMemory.ts";
import { LiveTab } from "../support/liveTab.ts";
import { type TestStack, Transcript } from "../support/testStack.ts";

/** sshd's default, so that as many are open at once on one connection. */
const maxSessions = 10;
const batches = 20;

describe("two hundred sessions on one connection", () => {
  let host: SshdHost;

  beforeAll(async () => {
    host = await startSshd({ sshd: { MaxSessions: maxSessions } });
  });

  afterAll(() => host.stop());

  it("leave nothing here or on the server, however they end, and the connection works", async () => {
    await using stack = await healthStack(host.sshConfigText("lab"), undefined);
    const masterId = await stack.service.connect("lab");
    // After the first round, everything that is made once and kept (buffers, the table of open pseudoterminals)
    // exists.
    await batch(stack);
    await batch(stack);
    const before = held(stack);
    for (let round = 0; round < batches; round++) {
      await batch(stack);
    }
    expect(await leftBehind(before, () => held(stack))).toEqual([]);
    for (const each of [Channel, SshSession, SessionLink, TerminalController]) {
      // The garbage collector may still hold some of the last ones.
      expect(liveObjects(each), each.name).toBeLessThan(maxSessions);
    }
    expect(await execute(stack.service, "lab", "echo fine")).toMatchObject({ stdout: Buffer.from("fine\n") });
    expect(stack.master()).toMatchObject({ id: masterId, sessions: [], state: { kind: "lingering" } });
    expect(host.logins()).toBe(1);
  });

  /** As many as the server accepts at once, ended in all possible ways. */
  async function batch(stack: TestStack): Promise<void> {
    await Promise.all([
      ...Array.from({ length: 3 }, () => leftByExit(stack)),
      ...Array.from({ length: 3 }, () => closedTab(stack)),
      endedFromOutside(stack, "disconnect"),
      endedFromOutside(stack, "kill"),
      command(stack),
      givenUp(stack),
    ]);
    // A slot is free when the server's program has ended, which may be later than the end here.
    await until(
      () => host.connections().every(({ all, servers }) => all.length === servers.length),
      "the end of the server's programs",
    );
  }

  async function leftByExit(stack: TestStack): Promise<void> {
    const tab = new LiveTab(stack);
    await tab.prompt();
    tab.resize(100, 30);
    tab.type("exit\r");
    await until(() => tab.states.includes("ended"), "the end of the shell");
    tab.controller.dispose();
  }

  async function closedTab(stack: TestStack): Promise<void> {
    const tab = new LiveTab(stack);
    await tab.prompt();
    tab.controller.dispose();
  }

  async function endedFromOutside(stack: TestStack, how: "disconnect" | "kill"): Promise<void> {
    const session = await stack.service.open({
      ...{ host: "lab", ...shell },
      ...{ timeLimitSeconds: 3600, idleLimitSeconds: 1800 },
    });
    const transcript = new Transcript(session);
    await transcript.waitFor(/[#$] $/);
    // A shell that is hung up at the moment in which it starts a program waits for that program.
    transcript.send("sh -c 'echo runs-$((40+2)); sleep 1000'\r");
    await transcript.waitFor(/runs-42/);
    await stack.service[how](session.id);
    await session.ended;
  }

  async function command(stack: TestStack): Promise<void> {
    const { outcome } = await execute(stack.service, "lab", "cat >&2; exit 3", {
      stdin: "x".repeat(100_000),
    });
    expect(outcome).toEqual({ kind: "exited", code: 3 });
  }

  async function givenUp(stack: TestStack): Promise<void> {
    const gaveUp = new AbortController();
    const opening = stack.service.open({ host: "lab", ...shell }, gaveUp.signal);
    setImmediate(() => gaveUp.abort(new CancelledError()));
    await opening.then(
      (session) => session.kill(),
      (error) => expect(CancelledError.is(error)).toBe(true),
    );
  }

  /** Resources that a session could leave here and on the server: one word for each, its kind. */
  function held(stack: TestStack): string[] {
    const servers = host.connections().flatMap((connection) => connection.servers);
    return [
      ...stack.master().sessions.map(() => "session"),
      ...activeResources(),
      ...openDescriptors().map((kind) => `descriptor ${kind}`),
      ...socketListeners().map((event) => `listener of ${event}`),
      ...servers.map(({ name }) => `process ${name}`),
      ...servers.flatMap(({ pid }) => openDescriptors(pid).map((kind) => `the server's descriptor ${kind}`)),
    ];
  }

  /** One word for each listener of the connection's socket: its event. */
  function socketListeners(): string[] {
    const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
    return handles()
      .filter((each): each is Socket => each instanceof Socket && each.remotePort === host.port)
      .flatMap((socket) =>
        socket.eventNames().flatMap((name) => socket.listeners(name).map(() => String(name))),
      );
  }
});
