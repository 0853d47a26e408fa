import { afterAll, beforeAll, describe, test } from "vitest";
import { execute } from "../../src/session/run/execute.ts";
import { describeOutcome } from "../../src/text/sessionDetails.ts";
import { startEmbeddedHost } from "../lab/embeddedHost.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { Netns } from "../lab/netns.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { shell } from "../support/fakeStack.ts";
import { HeldOutput, healthStack, StateLog } from "../support/healthStack.ts";
import { Transcript } from "../support/testStack.ts";

// The tests wait for heartbeats, not for the machine: in parallel they take as long as the slowest one.
describe.concurrent("peers that fail, with a real sshd", () => {
  let host: SshdHost;
  let netns: Netns;
  let far: SshdHost;
  const quick = { interval: 1, countMax: 1 };

  beforeAll(async () => {
    host = await startSshd();
    netns = await Netns.start();
    far = await startSshd({ address: netns.innerAddress, wrap: netns.wrap });
  });

  afterAll(async () => {
    await far?.stop();
    await netns?.stop();
    await host?.stop();
  });

  /** The server's side of the only login through `proxy`. */
  const loginThrough = (proxy: FaultProxy) => host.connection(proxy.connections[0]?.serverSidePort ?? 0);

  test("a stopped server is suspect with a countdown, then lost; one that continues in time is not lost", async ({
    expect,
  }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy.thing)), {
      interval: 1,
      countMax: 20,
    });
    const session = await stack.service.open({ host: "lab", ...shell });
    const transcript = new Transcript(session);
    // Earlier, the shell could be mistaken for one of sshd's own processes.
    await transcript.waitFor(/[#$] /);
    const log = new StateLog(stack, "m1");
    host.freeze(loginThrough(proxy.thing));
    const suspect = await log.first("suspect");
    expect(suspect).toMatchObject({ countMax: 20 });
    expect(suspect.deadAt).toBeGreaterThan(suspect.since);
    host.thaw(loginThrough(proxy.thing));
    await log.now("ready");
    transcript.send("echo still-$((40+2))\n");
    await transcript.waitFor(/still-42/);
    stack.settings.workspace = { serverAliveInterval: 1, serverAliveCountMax: 1 };
    stack.settings.reload();
    host.freeze(loginThrough(proxy.thing));
    const outcome = await transcript.ended;
    expect(outcome).toEqual({ kind: "lost", reason: "unresponsive" });
    expect(describeOutcome(outcome)).toBe("lost: the server stopped responding");
    expect(log.kinds).toEqual(["ready", "suspect", "ready", "suspect", "lost"]);
    host.thaw(loginThrough(proxy.thing));
  });

  test("a network that drops packets for a while only causes a delay", async ({ expect }) => {
    await using net = await disposable(Netns.start());
    await using server = await disposable(
      startSshd({ address: net.thing.innerAddress, wrap: net.thing.wrap }),
    );
    await using stack = await healthStack(server.thing.sshConfigText("far"), { interval: 1, countMax: 20 });
    const transcript = new Transcript(await stack.service.open({ host: "far", ...shell }));
    transcript.send("PS1=; for i in $(seq 1 400); do echo line-$i; sleep 0.01; done\n");
    await transcript.waitFor(/line-50\s/);
    const log = new StateLog(stack, "m1");
    await net.thing.dropPackets();
    await log.first("suspect");
    await net.thing.passPackets();
    await log.now("ready");
    await transcript.waitFor(/line-400\s/);
    const numbers = [...transcript.text.matchAll(/^line-(\d+)\r$/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  });

  test("permanently dropped packets are reported as no response, without waiting for the kernel's timeout", async ({
    expect,
  }) => {
    await using net = await disposable(Netns.start());
    await using server = await disposable(
      startSshd({ address: net.thing.innerAddress, wrap: net.thing.wrap }),
    );
    await using stack = await healthStack(server.thing.sshConfigText("far"), quick);
    const session = await stack.service.open({ host: "far", ...shell });
    session.resume();
    await net.thing.dropPackets();
    expect(await session.ended).toEqual({ kind: "lost", reason: "unresponsive" });
    // The session has ended here although the server did not hear of it.
    expect(stack.master().state).toMatchObject({ kind: "lost", reason: "unresponsive" });
  });

  test("a removed address is noticed at once with the default keepalive; when it returns, so does the session", async ({
    expect,
  }) => {
    await using stack = await healthStack(far.sshConfigText("far"), undefined, {});
    const transcript = new Transcript(await stack.service.open({ host: "far", ...shell }));
    await transcript.waitFor(/[#$] /);
    const log = new StateLog(stack, "m1");
    await netns.removeAddress();
    expect((await log.first("hung")).silentSince).toBeGreaterThan(0);
    await netns.addAddress();
    await log.now("ready");
    transcript.send("echo still-$((40+2))\n");
    await transcript.waitFor(/still-42/);
  });

  test("a firewall that has lost its state resets the connection at the first probe", async ({ expect }) => {
    await using net = await disposable(Netns.start());
    await using server = await disposable(
      startSshd({ address: net.thing.innerAddress, wrap: net.thing.wrap }),
    );
    await using stack = await healthStack(server.thing.sshConfigText("far"), { interval: 1, countMax: 100 });
    const session = await stack.service.open({ host: "far", ...shell });
    session.resume();
    await net.thing.rejectPackets();
    const outcome = await session.ended;
    expect(outcome).toEqual({ kind: "lost", reason: "connection-lost" });
    expect(describeOutcome(outcome)).toBe("lost: the connection was lost");
  });

  test("if sshd is killed during output, everything that it sent is shown, including what a full terminal held back", async ({
    expect,
  }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy.thing)), undefined);
    const held = await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: "seq 1 150000; echo all of it; sleep 100" },
    });
    const output = new HeldOutput(held);
    const flood = await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: "seq 1 100000000" },
    });
    const flooded = new HeldOutput(flood);
    flood.resume();
    const seq = Array.from({ length: 150_000 }, (_, index) => `${index + 1}\n`).join("");
    await until(
      () => (held.details()?.localWindow ?? 0) <= (held.details()?.localWindowSize ?? 0) - seq.length - 10,
    );
    await until(() => flooded.text.length > 100_000);
    host.kill(loginThrough(proxy.thing));
    const outcome = await held.ended;
    // FIN or reset, depending on whether it had read everything that we sent.
    expect(describeOutcome(outcome)).toMatch(
      /^lost: the (server closed the connection|connection was lost)$/,
    );
    expect(output.text === `${seq}all of it\n`).toBe(true);
    await flooded.ended;
    const lines = flooded.text.split("\n").slice(0, -1);
    expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
    expect(lines.length).toBeGreaterThan(10_000);
  });

  test("a reset ends each session on the connection at once, as a lost connection", async ({ expect }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy.thing)), undefined);
    const sessions = [
      await stack.service.open({ host: "lab", ...shell }),
      await stack.service.open({ host: "lab", ...shell }),
    ];
    proxy.thing.drop();
    // Nobody reads their output, which must not keep them open.
    expect(await Promise.all(sessions.map((session) => session.ended))).toEqual([
      { kind: "lost", reason: "connection-lost" },
      { kind: "lost", reason: "connection-lost" },
    ]);
  });

  for (const direction of ["toServer", "toClient"] as const) {
    test(`half-open: no data passes ${direction}`, async ({ expect }) => {
      await using proxy = await disposable(FaultProxy.start(host));
      await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy.thing)), quick);
      const session = await stack.service.open({ host: "lab", ...shell });
      session.resume();
      proxy.thing.freeze(direction);
      expect(await session.ended).toEqual({ kind: "lost", reason: "unresponsive" });
    });
  }

  test("a half-close by the server ends the connection, and is reported as such", async ({ expect }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy.thing)), undefined);
    const session = await stack.service.open({ host: "lab", ...shell });
    proxy.thing.halfClose("client");
    expect(await session.ended).toEqual({ kind: "lost", reason: "closed-by-server" });
  });

  test("the server's keepalive requests are answered, also while a child keeps a command's pipe open", async ({
    expect,
  }) => {
    await using server = await disposable(
      startSshd({ sshd: { ClientAliveInterval: 1, ClientAliveCountMax: 2 } }),
    );
    // Our own probes would count as a sign of life, too.
    await using stack = await healthStack(server.thing.sshConfigText("lab"), { interval: 0, countMax: 3 });
    const idle = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    const run = await execute(stack.service, "lab", "sleep 8 & echo command over");
    expect([run.stdout.toString(), run.outcome]).toEqual(["command over\n", { kind: "exited", code: 0 }]);
    idle.send("echo still-$((40+2))\n");
    await idle.waitFor(/still-42/);
    expect(server.thing.log()).not.toMatch(/Timeout, client not responding/);
  });

  test("output that fills a slow link proves that the peer is alive, although no probe is answered in time", async ({
    expect,
  }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy.thing)), {
      interval: 1,
      countMax: 3,
    });
    const session = await stack.service.open({
      host: "lab",
      kind: "command",
      request: { type: "exec", command: "head -c 300000 /dev/zero" },
    });
    const log = new StateLog(stack, "m1");
    proxy.thing.limit({ bytesPerSecond: 50_000 }, "toClient");
    const output = new HeldOutput(session);
    session.resume();
    expect(await session.ended).toEqual({ kind: "exited", code: 0 });
    expect(output.text.length).toBe(300_000);
    expect(log.kinds).toEqual(["ready", "lingering"]);
  });

  test("killing a jump host's server ends the connections behind it, and the error names the jump host", async ({
    expect,
  }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(behind(proxy.thing), undefined);
    const session = await stack.service.open({ host: "behind", ...shell });
    session.resume();
    host.kill(loginThrough(proxy.thing));
    const outcome = await session.ended;
    expect(outcome).toEqual({ kind: "lost", reason: "jump-lost" });
    expect(describeOutcome(outcome)).toBe("lost: the connection to the jump host was lost");
  });

  test("probes pass the whole path: a silent jump host is detected on both connections", async ({
    expect,
  }) => {
    await using proxy = await disposable(FaultProxy.start(host));
    await using stack = await healthStack(behind(proxy.thing), undefined);
    const session = await stack.service.open({ host: "behind", ...shell });
    session.resume();
    await stack.until((masters) => masters.every((master) => master.roundTripMs !== undefined));
    proxy.thing.freeze();
    stack.service.probe();
    await stack.until((masters) => masters.every((master) => master.state.kind === "hung"));
    proxy.thing.thaw();
    await stack.until((masters) => masters.every((master) => master.state.kind === "ready"));
    proxy.thing.freeze();
    stack.settings.workspace = { serverAliveInterval: 1, serverAliveCountMax: 1 };
    stack.settings.reload();
    expect(await session.ended).toMatchObject({ kind: "lost" });
    await stack.until((masters) => masters.every((master) => master.state.kind === "lost"));
  });

  test("a silent host behind a responsive jump host is lost alone", async ({ expect }) => {
    await using target = await disposable(startSshd());
    await using stack = await healthStack(
      host.sshConfigText("jump") + target.thing.sshConfigText("behind", ["ProxyJump jump"]),
      quick,
    );
    const session = await stack.service.open({ host: "behind", ...shell });
    session.resume();
    target.thing.freeze();
    expect(await session.ended).toEqual({ kind: "lost", reason: "unresponsive" });
    const jump = stack.service.masters().find((master) => master.spec === "jump");
    expect(["ready", "lingering"]).toContain(jump?.state.kind);
    target.thing.thaw();
  });

  test("a device that ignores keepalive requests is probed by opening channels, and is not disconnected", async ({
    expect,
  }) => {
    await using device = await disposable(startEmbeddedHost({ muteToProbes: true }));
    await using stack = await healthStack(device.thing.sshConfigText("device"), quick);
    const transcript = new Transcript(await stack.service.open({ host: "device", ...shell }));
    const log = new StateLog(stack, "m1");
    await stack.until(([master]) => master?.roundTripMs !== undefined);
    // Three times as long as a silent peer would survive.
    await execute(stack.service, "device", "sleep 6");
    transcript.send("echo still-$((40+2))\n");
    await transcript.waitFor(/still-42/);
    expect(log.kinds).toEqual(["ready"]);
    expect(stack.master().probesIgnored).toBe(false);
  });

  test("with ignoreMissingReplies, the connection to a silent host stays open", async ({ expect }) => {
    await using device = await disposable(startEmbeddedHost({ muteToProbes: true }));
    await using stack = await healthStack(device.thing.sshConfigText("device"), quick);
    stack.settings.hosts = [{ pattern: "device", ignoreMissingReplies: true }];
    await stack.service.connect("device");
    expect(stack.master().probesIgnored).toBe(true);
    const log = new StateLog(stack, "m1");
    await execute(stack.service, "device", "sleep 3");
    expect(log.kinds).toEqual(["lingering", "ready", "lingering"]);
  });

  function behind(proxy: FaultProxy): string {
    return sshConfigBlock("jump", host.via(proxy)) + far.sshConfigText("behind", ["ProxyJump jump"]);
  }
});

async function disposable<T extends { stop(): Promise<void> }>(
  starting: Promise<T>,
): Promise<AsyncDisposable & { readonly thing: T }> {
  const thing = await starting;
  return { thing, [Symbol.asyncDispose]: () => thing.stop() };
}
