import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import { failureClass } from "../../src/reconnect/failureClass.ts";
import { execute } from "../../src/session/run/execute.ts";
import { userMessage } from "../../src/text/userMessages.ts";
import { type HostileListener, listenHostile } from "../attack/support/hostileServer.ts";
import { freePort } from "../lab/freePort.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { testStack } from "../support/testStack.ts";

describe("a connection that fails at its jump host", () => {
  let open: SshdHost;
  let closed: SshdHost;
  let weak: SshdHost;
  let config: string;
  let unused: number;

  beforeAll(async () => {
    [open, closed, weak, unused] = await Promise.all([
      startSshd(),
      startSshd({ sshd: { AllowTcpForwarding: "no" } }),
      startSshd({ hostKeys: ["rsa-3072"], sshd: { HostKeyAlgorithms: "ssh-rsa" } }),
      freePort(),
    ]);
    config = join(open.folder, "config");
    await writeFile(
      config,
      open.sshConfigText("bastion") +
        closed.sshConfigText("closed") +
        weak.sshConfigText("weak") +
        sshConfigBlock("dead", { ...open.via(open), port: unused }) +
        open.sshConfigText("no-server", ["ProxyJump bastion", `Port ${unused}`]) +
        open.sshConfigText("no-name", ["ProxyJump bastion", "HostName no-such-host.invalid"]) +
        open.sshConfigText("not-allowed", ["ProxyJump closed"]) +
        open.sshConfigText("no-hop", ["ProxyJump dead"]) +
        open.sshConfigText("two-hops", ["ProxyJump bastion,dead"]) +
        open.sshConfigText("weak-hop", ["ProxyJump weak"]),
    );
  });

  afterAll(() => Promise.all([open.stop(), closed.stop(), weak.stop()]));

  async function failure(host: string): Promise<{ error: ConnectError; text: string }> {
    await using stack = await testStack(config);
    const error = await execute(stack.service, host, "true").catch((thrown: unknown) => thrown);
    if (!ConnectError.is(error)) {
      throw new Error("It should have failed as a connection", { cause: error });
    }
    return { error, text: userMessage(error, host, "/home/nobody")?.text ?? "" };
  }

  test("a closed port behind it: the jump host's message, and advice about the port", async () => {
    const { error, text } = await failure("no-server");
    expect(error).toMatchObject({
      reason: "jump-failed",
      jump: { host: "bastion", target: `127.0.0.1:${unused}`, step: "channel" },
      cause: { reason: "refused", code: 2, description: "Connection refused" },
    });
    expect(text).toContain(`its jump host "bastion" could not reach 127.0.0.1:${unused}`);
    expect(text).toContain("Connection refused");
    expect(text).not.toContain("MaxSessions");
  });

  test("a name that the jump host can't resolve", async () => {
    const { error, text } = await failure("no-name");
    expect(error.jump).toMatchObject({ host: "bastion", step: "channel" });
    expect(text).toContain('"bastion" could not reach no-such-host.invalid:');
    expect(text).toContain('HostName and Port as seen from "bastion"');
  });

  test("AllowTcpForwarding no: the error names the options that decide it", async () => {
    const { error, text } = await failure("not-allowed");
    expect(error).toMatchObject({ jump: { host: "closed", step: "channel" }, cause: { code: 1 } });
    expect(text).toContain('its jump host "closed" does not allow a connection to 127.0.0.1:');
    expect(text).toContain("AllowTcpForwarding");
  });

  test("a jump host that can't be connected to", async () => {
    const { error, text } = await failure("no-hop");
    expect(error).toMatchObject({ jump: { host: "dead", step: "connection" }, cause: { reason: "refused" } });
    expect(text).toContain(`Can't connect to "dead" (127.0.0.1:${unused}): the connection was refused`);
  });

  test("of two jump hosts, the error names the one that failed", async () => {
    const { error, text } = await failure("two-hops");
    expect(error).toMatchObject({
      jump: { host: "dead", step: "connection" },
      cause: { jump: { host: "bastion", target: `127.0.0.1:${unused}`, step: "channel" } },
    });
    expect(text).toContain(`Can't connect to "dead": its jump host "bastion" could not reach`);
  });

  test("a jump host with old algorithms only: the error says what can be allowed, and for which host", async () => {
    const { error, text } = await failure("weak-hop");
    expect(error).toMatchObject({
      jump: { host: "weak", step: "connection" },
      cause: { mismatch: { keyword: "HostKeyAlgorithms", offered: ["ssh-rsa"], allowable: ["ssh-rsa"] } },
    });
    expect(text).toContain(`Can't connect to "weak"`);
    expect(text).toContain('"HostKeyAlgorithms +ssh-rsa"');
  });

  describe("in the middle of the login behind a jump host", () => {
    /** Sends its version line and nothing more. */
    async function silentTarget(): Promise<HostileListener> {
      return await listenHostile(async (peer) => peer.sendVersion(), { exchanges: false });
    }

    async function behind(
      target: HostileListener,
      jump: SshdHost,
      more: readonly string[],
    ): Promise<{ error: unknown; text: string }> {
      const file = join(jump.folder, `behind-${target.port}`);
      await writeFile(
        file,
        jump.sshConfigText("hop") +
          `Host inner\n  HostName 127.0.0.1\n  Port ${target.port}\n  ProxyJump hop\n${more.map((line) => `  ${line}\n`).join("")}`,
      );
      await using stack = await testStack(file);
      const failing = execute(stack.service, "inner", "true").catch((thrown: unknown) => thrown);
      await until(
        () =>
          stack.service
            .masters()
            .some(({ spec, state }) => spec === "inner" && "phase" in state && state.phase === "handshake"),
        "the login behind",
      );
      if (more.length === 0) {
        await jump.down();
      }
      const error = await failing;
      return { error, text: userMessage(error, "inner", "/home/nobody")?.text ?? "" };
    }

    test("a jump host that disconnects is named, and the failure counts as temporary", async () => {
      const jump = await startSshd();
      const target = await silentTarget();
      try {
        const { error, text } = await behind(target, jump, []);
        expect(error).toMatchObject({ reason: "jump-failed", jump: { host: "hop", step: "connection" } });
        expect(text).toContain('through its jump host "hop"');
        expect(failureClass(error)).toBe("transient");
      } finally {
        target.close();
        await jump.stop();
      }
    });

    test("a target that falls silent is reported as the target's failure, not the jump host's", async () => {
      const target = await silentTarget();
      try {
        const { error, text } = await behind(target, open, ["ConnectTimeout 2"]);
        expect(error).toMatchObject({ reason: "timed-out", jump: undefined });
        expect(text).toContain('"inner": the server did not respond in time');
        expect(text).not.toContain("hop");
      } finally {
        target.close();
      }
    });
  });
});
