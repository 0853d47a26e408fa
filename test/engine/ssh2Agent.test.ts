import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { shellCommand, wrapScript } from "../../src/remote/remoteScript.ts";
import { type LabAgent, startAgent } from "../lab/agent.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { collect, execSpec, never, run } from "./contract/channels.ts";
import { loginTo } from "./contract/logins.ts";

const things: { stop(): Promise<void> }[] = [];
const connections: EngineConnection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) {
    connection.destroy();
  }
  await Promise.all(things.splice(0).map((thing) => thing.stop()));
});

async function start(): Promise<{ host: SshdHost; agent: LabAgent; connection: EngineConnection }> {
  const [host, agent] = await Promise.all([startSshd(), startAgent()]);
  things.push(host, agent);
  await agent.add(host.keyFile);
  const config = testHostConfig({ ...loginTo(host).config, identityAgent: agent.socket, forwardAgent: true });
  const connection = await new Ssh2Engine().connect(loginTo(host, { config }), never());
  connections.push(connection);
  return { host, agent, connection };
}

describe("agent forwarding", () => {
  test("the server sees the keys of the agent only if a session requests forwarding", async () => {
    const { agent, connection } = await start();
    expect((await run(connection, "ssh-add -l 2>&1")).exit.code).toBe(2);
    const [key = "nothing"] = await agent.list();
    const { stdout } = await run(connection, "ssh-add -l", { forwardAgent: true });
    expect(stdout.trim()).toBe(key);
  });

  test("lookups don't see the agent, although sshd offers it to every session after one has requested it", async () => {
    const { connection } = await start();
    const forwarding = await connection.openSession(execSpec("cat", { forwardAgent: true }), never());
    forwarding.resume();
    const plain = await run(connection, 'printf %s "$SSH_AUTH_SOCK"');
    expect(plain.stdout).not.toBe("");
    const lookup = await connection.openSession(execSpec(shellCommand), never());
    const ran = collect(lookup);
    lookup.write(Buffer.from(wrapScript('part agent; printf "[%s]\\n" "$SSH_AUTH_SOCK"', "boundary", false)));
    lookup.eof();
    expect((await ran).stdout).toContain("boundary agent \n[]\n");
  });

  test("a missing agent does not affect the session", async () => {
    const { agent, connection } = await start();
    await agent.stop();
    const { stdout } = await run(connection, "ssh-add -l >/dev/null 2>&1 || echo none", {
      forwardAgent: true,
    });
    expect(stdout).toBe("none\n");
  });
});

describe("SO_KEEPALIVE", () => {
  test("is set as requested, and can be changed while connected", async () => {
    const { connection } = await start();
    const timer = (): boolean =>
      execFileSync("ss", ["-tnoH", `sport = :${connection.info.localPort}`], { encoding: "utf8" }).includes(
        "keepalive",
      );
    await until(timer);
    connection.setTcpKeepAlive(false);
    await until(() => !timer());
    connection.setTcpKeepAlive(true);
    await until(timer);
  });
});
