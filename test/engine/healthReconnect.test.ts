import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { persistentShell } from "../../src/session/persistence.ts";
import { execute } from "../../src/session/run/execute.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { healthStack } from "../support/healthStack.ts";
import { LiveTab } from "../support/liveTab.ts";
import type { TestStack } from "../support/testStack.ts";

interface Bench extends AsyncDisposable {
  readonly host: SshdHost;
  readonly proxy: FaultProxy;
  readonly stack: TestStack;
}

async function bench(): Promise<Bench> {
  const host = await startSshd();
  const proxy = await FaultProxy.start(host);
  const stack = await healthStack(sshConfigBlock("lab", host.via(proxy)), { interval: 1, countMax: 1 });
  return {
    host,
    proxy,
    stack,
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await proxy.stop();
      await host.stop();
    },
  };
}

/** Bytes: the output after a burst that must be complete. */
const behind = 20_000;

describe.concurrent("a terminal whose connection is cut, with a real sshd", () => {
  test("reconnects in the same tab: the screen keeps its content, a line marks the gap, a countdown is shown", async ({
    expect,
  }) => {
    await using at = await bench();
    const tab = new LiveTab(at.stack);
    await tab.prompt();
    tab.type("echo before-$((40+2))\r");
    await tab.waitFor(/^before-42$/m);
    at.proxy.drop();
    await until(
      () => /Reconnecting in 1 s\. Enter: reconnect now, Esc: stop\./.test(tab.written),
      "the countdown",
    );
    await tab.waitFor(/── reconnected after \d+ s ──/);
    tab.type("echo after-$((40+2))\r");
    await tab.waitFor(/^after-42$/m);
    expect(await tab.text()).toMatch(
      /^before-42$[\s\S]*── lab: lost: the connection was lost ──[\s\S]*── reconnected after \d+ s ──[\s\S]*^after-42$/m,
    );
    expect(tab.states).toEqual(["opening", "open", "waiting", "opening", "open"]);
    expect(at.stack.service.masters().map(({ state }) => state.kind)).toEqual(["ready"]);
    tab.controller.dispose();
  });

  test("shows everything that the server had sent before, also a burst that the terminal was still processing", async ({
    expect,
  }) => {
    await using at = await bench();
    const tab = new LiveTab(at.stack);
    await tab.prompt();
    const before = tab.bytesIn();
    tab.type(
      `PS1=; stty -echo; seq 1 20000 | cat; head -c ${behind} /dev/zero | tr '\\0' x; sleep 1; sleep 1000\r`,
    );
    const [connection] = at.host.connections();
    if (connection === undefined) {
      throw new Error("nobody is logged in");
    }
    const numbersLength = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\r\n`.length).reduce(
      (sum, each) => sum + each,
    );
    // The data after the numbers is larger than their packet overhead: so many bytes have arrived only if the numbers
    // are complete.
    await until(() => tab.bytesIn() - before > numbersLength + 0.8 * behind);
    at.host.kill(connection);
    // FIN or reset, depending on whether it had read everything that we sent.
    await tab.waitFor(/── lab: lost: the (server closed the connection|connection was lost) ──/);
    // Without the marks that measure the flow of output.
    const shown = tab.written.replaceAll(/\u001b\[[\d;?$]*[a-z]/gi, "");
    const numbers = [...shown.matchAll(/^(\d+)\r$/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
    expect(numbers.length).toBe(20_000);
    tab.controller.dispose();
  });

  test("retries while the server is down, and connects when it is up", async ({ expect }) => {
    await using at = await bench();
    const tab = new LiveTab(at.stack);
    await tab.prompt();
    await at.proxy.refuse();
    at.proxy.drop();
    await until(() => tab.states.filter((kind) => kind === "waiting").length === 3);
    await at.proxy.accept();
    tab.type("\r");
    await tab.waitFor(/── reconnected after/);
    expect(tab.logins.slice(0, 3)).toEqual(["attended", "unattended", "unattended"]);
    tab.controller.dispose();
  });

  test("a silent network also loses the connection; Esc cancels the reconnect, and the screen stays readable", async ({
    expect,
  }) => {
    await using at = await bench();
    const tab = new LiveTab(at.stack);
    await tab.prompt();
    tab.type("echo before-$((40+2))\r");
    await tab.waitFor(/^before-42$/m);
    at.proxy.freeze();
    await tab.waitFor(/lost: the server stopped responding ──[\s\S]*Reconnecting/);
    tab.type("\u001b");
    await tab.waitFor(/\[lab: lost: the server stopped responding\]\nPress Enter to close, R to reopen\./);
    expect(await tab.text()).toMatch(/^before-42$/m);
    at.proxy.thaw();
    tab.type("r");
    await tab.prompt();
    expect(tab.controller.state.kind).toBe("open");
    tab.controller.dispose();
  });

  test("does not reconnect automatically after a refused login, but shares a connection that another terminal makes", async ({
    expect,
  }) => {
    await using at = await bench();
    const tab = new LiveTab(at.stack);
    await tab.prompt();
    const keys = await readFile(at.host.authorizedKeysFile);
    await writeFile(at.host.authorizedKeysFile, "");
    at.proxy.drop();
    await tab.waitFor(/The login requires input: press Enter to reconnect, Esc to cancel\./);
    expect(tab.controller.state).toEqual({ kind: "waiting", until: undefined });
    expect(at.proxy.contacts).toBe(2);
    await writeFile(at.host.authorizedKeysFile, keys);
    await at.stack.service.connect("lab");
    await tab.waitFor(/── reconnected after/);
    expect(tab.logins).toEqual(["attended", "unattended", "none"]);
    expect(at.proxy.contacts).toBe(3);
    tab.controller.dispose();
  });

  test("does not reconnect automatically after a changed host key", async ({ expect }) => {
    await using at = await bench();
    const tab = new LiveTab(at.stack);
    await tab.prompt();
    await at.host.changeHostKeys();
    at.proxy.drop();
    await tab.waitFor(/The login requires input: press Enter to reconnect, Esc to cancel\./);
    expect(tab.controller.state).toEqual({ kind: "waiting", until: undefined });
    expect(at.proxy.contacts).toBe(2);
    expect(at.host.logins()).toBe(1);
    tab.controller.dispose();
  });

  test("ten tabs on one connection reconnect with one login", async ({ expect }) => {
    await using at = await bench();
    const tabs = Array.from({ length: 10 }, () => new LiveTab(at.stack));
    await Promise.all(tabs.map((tab) => tab.prompt()));
    at.proxy.drop();
    await Promise.all(tabs.map((tab) => tab.waitFor(/── reconnected after/)));
    expect(at.proxy.contacts).toBe(2);
    expect(at.stack.service.masters().map(({ sessions }) => sessions.length)).toEqual([10]);
    for (const tab of tabs) {
      tab.controller.dispose();
    }
  });
});

describe.concurrent("several terminals of a server that goes down and comes up", () => {
  test("are shown as waiting together, with countdown and reason, and reconnect with one login", async ({
    expect,
  }) => {
    const host = await startSshd();
    const stack = await healthStack(host.sshConfigText("lab"), { interval: 1, countMax: 1 });
    try {
      const tabs = Array.from({ length: 5 }, () => new LiveTab(stack));
      await Promise.all(tabs.map((tab) => tab.prompt()));
      const [{ id = "" } = {}] = stack.service.masters();
      await host.down();
      await stack.until(
        ([master]) => master?.state.kind === "reconnecting" && master.state.error !== undefined,
      );
      await stack.until(
        ([master]) => master?.state.kind === "reconnecting" && master.state.until !== undefined,
      );
      const [master, ...others] = stack.service.masters();
      expect(others).toEqual([]);
      expect(master).toMatchObject({ id, alias: "lab", sessions: { length: 5 } });
      if (master?.state.kind !== "reconnecting") {
        throw new Error(`it is ${master?.state.kind}`);
      }
      expect(master.state.error).toMatchObject({ reason: "refused" });
      expect(master.state.until).toBeGreaterThan(master.state.since);
      expect(new Set(tabs.map(({ controller }) => JSON.stringify(controller.state)))).toEqual(
        new Set([JSON.stringify({ kind: "waiting", until: master.state.until })]),
      );
      const before = host.logins();
      await host.up();
      await Promise.all(tabs.map((tab) => tab.waitFor(/── reconnected after/)));
      await host.waitForLogins(before + 1);
      expect(host.logins()).toBe(before + 1);
      expect(stack.service.masters()).toMatchObject([{ state: { kind: "ready" }, sessions: { length: 5 } }]);
      for (const tab of tabs) {
        tab.controller.dispose();
      }
    } finally {
      await stack[Symbol.asyncDispose]();
      await host.stop();
    }
  });

  test("reconnect automatically at once when another terminal logs in", async ({ expect }) => {
    await using at = await bench();
    const tabs = [new LiveTab(at.stack), new LiveTab(at.stack)];
    await Promise.all(tabs.map((tab) => tab.prompt()));
    await at.proxy.refuse();
    at.proxy.drop();
    // From here on the delays are longer than the test.
    await until(() => tabs.every(({ states }) => states.filter((kind) => kind === "waiting").length >= 3));
    await at.proxy.accept();
    const contacts = at.proxy.contacts;
    await at.stack.service.connect("lab");
    await Promise.all(tabs.map((tab) => tab.waitFor(/── reconnected after/)));
    expect(at.proxy.contacts).toBe(contacts + 1);
    for (const tab of tabs) {
      tab.controller.dispose();
    }
  });

  test("give up a hung connection at the user's request, long before the keepalive limit", async ({
    expect,
  }) => {
    const host = await startSshd();
    const proxy = await FaultProxy.start(host);
    const stack = await healthStack(sshConfigBlock("lab", host.via(proxy)), { interval: 1, countMax: 1000 });
    try {
      const tabs = [new LiveTab(stack), new LiveTab(stack)];
      await Promise.all(tabs.map((tab) => tab.prompt()));
      expect(await stack.service.reconnectNow("m1")).toBe("answers");
      proxy.freeze();
      await stack.until(([master]) => master?.state.kind === "suspect");
      const begun = stack.service.reconnectNow("m1");
      await stack.until(([master]) => master?.state.kind !== "suspect" && master?.state.kind !== "hung");
      expect(await begun).toBe("no-answer");
      proxy.thaw();
      await Promise.all(tabs.map((tab) => tab.waitFor(/── reconnected after/)));
      expect(await tabs[0]?.text()).toMatch(/── lab: lost: the server stopped responding ──/);
      expect(tabs.flatMap(({ logins }) => logins)).toEqual(Array.from({ length: 4 }, () => "attended"));
      for (const tab of tabs) {
        tab.controller.dispose();
      }
    } finally {
      await stack[Symbol.asyncDispose]();
      await proxy.stop();
      await host.stop();
    }
  });
});

describe.concurrent("a persistent shell, with a real sshd", () => {
  let folder: string;
  let host: SshdHost;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-persistent-"));
    host = await startSshd({ env: { TMUX_TMPDIR: folder, SCREENDIR: folder } });
  });

  afterAll(async () => {
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const tool of ["tmux", "screen"] as const) {
    test(`${tool}: the same shell responds after a cut, and after all local state is lost`, async ({
      expect,
    }) => {
      const proxy = await FaultProxy.start(host);
      const persistent = persistentShell(tool, `lab-${tool}`);
      const config = sshConfigBlock("lab", host.via(proxy));
      let pid: string | undefined;
      try {
        {
          await using stack = await healthStack(config, { interval: 1, countMax: 1 });
          const tab = new LiveTab(stack, persistent?.attach);
          await tab.settled();
          pid = await shellPid(tab);
          // Silence and not a reset: the old terminal is still attached on the server when the new one connects.
          proxy.freeze();
          await tab.waitFor(/lost: the server stopped responding/);
          proxy.thaw();
          await until(() => tab.states.filter((kind) => kind === "open").length === 2);
          await tab.settled();
          expect(await shellPid(tab)).toBe(pid);
        }
        await using stack = await healthStack(config, { interval: 1, countMax: 1 });
        const tab = new LiveTab(stack, persistent?.attach);
        await tab.settled();
        expect(await shellPid(tab)).toBe(pid);
        expect((await execute(stack.service, "lab", persistent?.end ?? "false")).outcome).toEqual({
          kind: "exited",
          code: 0,
        });
        await until(() => tab.controller.state.kind === "ended");
        const gone = `for i in $(seq 200); do kill -0 ${pid} 2>/dev/null || exit 0; sleep 0.05; done; exit 1`;
        expect((await execute(stack.service, "lab", gone)).outcome).toEqual({ kind: "exited", code: 0 });
      } finally {
        await proxy.stop();
      }
    });
  }
});

let questions = 0;

async function shellPid(tab: LiveTab): Promise<string> {
  const question = ++questions;
  tab.type(`echo pid-$((${question}+0))-$$-\r`);
  const [, pid = ""] = await tab.waitFor(new RegExp(`^pid-${question}-(\\d+)-`, "m"));
  return pid;
}
