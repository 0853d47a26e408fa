import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { nextEvent } from "../../src/base/emitter.ts";
import type { RidingConsent } from "../../src/share/userMasterPorts.ts";
import type { UserMasterSnapshot } from "../../src/share/userMasterTypes.ts";
import { freePort } from "../lab/freePort.ts";
import { isRunning } from "../lab/processTree.ts";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { LiveTab } from "../support/liveTab.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

const execute = promisify(execFile);

/** A user who answers once for each host. */
class Person implements RidingConsent {
  isOff = false;
  readonly asked: string[] = [];
  readonly #answers = new Map<string, boolean>();
  answer: boolean | undefined = true;

  async choiceFor(host: string): Promise<boolean | undefined> {
    return this.#answers.get(host);
  }

  async ask(host: string): Promise<boolean | undefined> {
    this.asked.push(host);
    if (this.answer !== undefined) {
      this.#answers.set(host, this.answer);
    }
    return this.answer;
  }

  async remember(host: string, use: boolean): Promise<void> {
    this.#answers.set(host, use);
  }
}

describe("connections that the user's own ssh has at its ControlPath", () => {
  let host: SshdHost;
  let client: SshClient;
  let path: string;
  let person: Person;
  let stack: TestStack;

  beforeAll(async () => {
    host = await startSshd({ sshd: { MaxSessions: 3 } });
  });

  afterAll(async () => {
    await host.stop();
  });

  beforeEach(async () => {
    client = await SshClient.for(host);
    path = client.controlPath;
    person = new Person();
    await configure("lab");
    stack = await testStack(client.configFile, {}, {}, person);
  });

  afterEach(async () => {
    await stack[Symbol.asyncDispose]();
    await client.stop();
  });

  /** The ssh_config of both: `alias` has its master at `path`. */
  async function configure(alias: string, ...extra: string[]): Promise<void> {
    const text = host.sshConfigText(alias, [`ControlPath ${path}`, "IdentityAgent none", ...extra]);
    await writeFile(client.configFile, text);
  }

  const control = async (command: string): Promise<string> =>
    (await execute("ssh", ["-F", client.configFile, "-O", command, "lab"])).stderr.trim();

  async function startMaster(): Promise<number> {
    const { pid } = client.spawn("", ["-N", "-M"]);
    await until(
      () =>
        control("check").then(
          () => true,
          () => false,
        ),
      "the master",
    );
    return pid ?? 0;
  }

  async function seen(accept: (masters: readonly UserMasterSnapshot[]) => boolean): Promise<void> {
    while (!accept(stack.userMasters.masters())) {
      await nextEvent(stack.userMasters.onDidChange, AbortSignal.timeout(30_000));
    }
  }

  test("are seen when they come, and not any more when they have ended, without asking again", async () => {
    stack.userMasters.setVisible(true);
    await stack.userMasters.look();
    expect(stack.userMasters.masters()).toEqual([]);
    const pid = await startMaster();
    await seen(({ length }) => length === 1);
    const [master] = stack.userMasters.masters();
    expect(master).toMatchObject({ hosts: ["lab"], path, pid, isRidden: false });
    await control("exit");
    await seen(({ length }) => length === 0);
    // A killed one leaves its socket, so nothing changes in the folder.
    const killed = await startMaster();
    await seen(({ length }) => length === 1);
    process.kill(killed, "SIGKILL");
    await until(() => !isRunning(killed), "its end");
    stack.userMasters.refresh();
    await seen(({ length }) => length === 0);
  });

  test("carry our sessions after one question, without a login, and stay when ours ends", async () => {
    const pid = await startMaster();
    const logins = host.logins();
    const tab = new LiveTab(stack);
    await tab.waitFor(/[#$] ?$/);
    await new LiveTab(stack).waitFor(/[#$] ?$/);
    expect(person.asked).toEqual(["lab"]);
    expect(host.logins()).toBe(logins);
    expect(stack.master().rides).toEqual({ pid, path });
    await stack.userMasters.look();
    expect(stack.userMasters.masters()).toMatchObject([{ pid, isRidden: true }]);
    await stack.service.disconnect(stack.master().id);
    await stack.until((masters) => masters.length === 0);
    expect(await control("check")).toBe(`Master running (pid=${pid})`);
    expect(stack.userMasters.masters()).toMatchObject([{ pid, isRidden: false }]);
    await stack.service.connect("lab");
    expect(stack.master().rides).toEqual({ pid, path });
    expect(person.asked).toEqual(["lab"]);
  });

  test("have made the forwards of ssh_config already, until they end", async () => {
    const port = await freePort();
    await configure("lab", `LocalForward 127.0.0.1:${port} 127.0.0.1:${host.port}`);
    await stack[Symbol.asyncDispose]();
    stack = await testStack(client.configFile, {}, {}, person);
    stack.forwards.askBy({
      mayLogIn: async () => false,
      mayStart: async () => true,
      mayListenOpenly: async () => false,
      portTaken: async () => {
        throw new Error("asked about the port");
      },
    });
    const pid = await startMaster();
    await new LiveTab(stack).waitFor(/[#$] ?$/);
    expect(stack.master().rides?.pid).toBe(pid);
    const state = () => stack.forwards.forwards()[0]?.state;
    await until(() => state() !== undefined && state()?.kind !== "starting", "the forward");
    expect(state()).toMatchObject({ kind: "stopped", servedBy: { pid, name: "ssh" } });
    await control("exit");
    await until(() => {
      const now = state();
      return now?.kind !== "stopped" || now.servedBy === undefined;
    }, "that it is not said any more");
  });

  test("a question that is dismissed connects nowhere, and is asked again", async () => {
    await startMaster();
    const logins = host.logins();
    person.answer = undefined;
    await expect(stack.service.connect("lab")).rejects.toMatchObject({ reason: "dismissed" });
    expect(host.logins()).toBe(logins);
    person.answer = true;
    await stack.service.connect("lab");
    expect(stack.master().rides?.path).toBe(path);
    expect(person.asked).toEqual(["lab", "lab"]);
  });

  test("are not used when the user refuses, until Use agrees", async () => {
    await startMaster();
    person.answer = false;
    await stack.service.connect("lab");
    expect(stack.master().rides).toBeUndefined();
    await stack.service.disconnect(stack.master().id);
    await stack.until((masters) => masters.length === 0);
    await stack.service.connect("lab");
    expect(stack.master().rides).toBeUndefined();
    expect(person.asked).toEqual(["lab"]);
    // Use agrees after all.
    await stack.userMasters.look();
    const [master] = stack.userMasters.masters();
    await stack.userMasters.use(master as UserMasterSnapshot);
    await stack.service.disconnect(stack.master().id);
    await stack.until((masters) => masters.length === 0);
    await stack.service.connect("lab");
    expect(stack.master().rides?.path).toBe(path);
  });

  test.each([
    ["exit", async () => void (await control("exit"))],
    ["SIGKILL", async (pid: number) => void process.kill(pid, "SIGKILL")],
  ] as const)(
    "that end by %s: our terminals reconnect in their tabs with a login of ours",
    async (_, end) => {
      const pid = await startMaster();
      const logins = host.logins();
      const tab = new LiveTab(stack);
      await tab.waitFor(/[#$] ?$/);
      expect(stack.master().rides?.pid).toBe(pid);
      await end(pid);
      await until(
        () => tab.states.at(-1) === "open" && tab.states.filter((state) => state === "open").length === 2,
        "the terminal to open again",
      );
      tab.controller.input("echo sum-$((40 + 2))\r");
      await tab.waitFor(/sum-42/);
      expect(host.logins()).toBe(logins + 1);
      expect(stack.service.masters().find(({ state }) => state.kind === "ready")?.rides).toBeUndefined();
    },
  );

  test("that are full get a connection of ours beside them", async () => {
    await startMaster();
    const logins = host.logins();
    for (let open = 0; open < 4; open++) {
      await new LiveTab(stack).waitFor(/[#$] ?$/);
    }
    expect(stack.service.masters().map(({ rides, sessions }) => [rides?.path, sessions.length])).toEqual([
      [path, 3],
      [undefined, 1],
    ]);
    expect(host.logins()).toBe(logins + 1);
  });

  test.each([
    ["of a host with ForwardAgent", "ForwardAgent yes", ""],
    ["at the ControlPath of another destination, too", "", "Host other\n  HostName other.example\n"],
  ])("%s: are not used", async (_, line, block) => {
    await configure("lab", ...(line === "" ? [] : [line]));
    await startMaster();
    if (block !== "") {
      const text = host.sshConfigText("lab", [`ControlPath ${path}`, "IdentityAgent none"]);
      await writeFile(client.configFile, `${text}\n${block}  ControlPath ${path}\n`);
    }
    stack.settings.reload();
    await stack.service.connect("lab");
    expect(stack.master().rides).toBeUndefined();
    expect(person.asked).toEqual([]);
  });

  test("are neither seen nor used when that is switched off", async () => {
    await startMaster();
    person.isOff = true;
    stack.userMasters.setVisible(true);
    await stack.userMasters.look();
    expect(stack.userMasters.masters()).toEqual([]);
    await stack.service.connect("lab");
    expect(stack.master().rides).toBeUndefined();
  });

  test("take no new sessions after Stop, and end with Exit, as with ssh -O", async () => {
    await startMaster();
    await stack.service.connect("lab");
    await stack.userMasters.look();
    const [first] = stack.userMasters.masters();
    await stack.userMasters.stop(first as UserMasterSnapshot);
    await expect(control("check")).rejects.toThrow(/No such file or directory/);
    // What is open goes on.
    await new LiveTab(stack).waitFor(/[#$] ?$/);
    await stack.userMasters.look();
    expect(stack.userMasters.masters()).toEqual([]);
    const pid = await startMaster();
    await stack.userMasters.look();
    const [second] = stack.userMasters.masters();
    expect(second).toMatchObject({ pid });
    await stack.userMasters.exit(second as UserMasterSnapshot);
    await until(() => !isRunning(pid), "the end of ssh");
    await expect(stack.userMasters.exit(second as UserMasterSnapshot)).rejects.toMatchObject({
      reason: "refused",
    });
  });
});
