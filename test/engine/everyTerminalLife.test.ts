import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import { encodeOpen } from "../../src/engine/channels/messages.ts";
import { encodeMux, encodeMuxHello, encodeProxyFrame, muxType } from "../../src/engine/mux/muxMessages.ts";
import { EveryTerminal } from "../../src/gateway/everyTerminal.ts";
import { listenIn } from "../../src/share/socketFolder.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { type EveryTerminalLab, everyTerminalLab } from "../support/everyTerminalLab.ts";
import { outcomeOf, type ProgramOutcome } from "../support/sharedConnection.ts";
import { refusing } from "../support/testStack.ts";

let lab: EveryTerminalLab;
const children: ChildProcessWithoutNullStreams[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await exited(child);
  }
  await lab[Symbol.asyncDispose]();
});

const ssh = async (...args: readonly string[]): Promise<ProgramOutcome> =>
  await outcomeOf("ssh", ["-F", lab.config, ...args], process.env);

/** A program on the server that returns its input. */
async function echo(): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn("ssh", ["-F", lab.config, "lab", "echo ready; cat"]);
  children.push(child);
  expect(await nextOutput(child)).toContain("ready");
  return child;
}

describe("connections that outlive their window", () => {
  test.each([
    ["the keeper", { stack: { keeper: { isOn: () => true, staysAfterLogout: () => false, build: "test" } } }],
    ["the engine openssh", { engine: "openssh" }],
  ])("%s: programs go on when the window closes, and others come", async (_, over) => {
    lab = await everyTerminalLab({ mode: "lasting", ...over });
    await lab.stack.service.connect("lab");
    await lab.included(1);
    const logins = lab.host.logins();
    const child = await echo();
    await lab.stack[Symbol.asyncDispose]();
    child.stdin.write("still here\n");
    expect(await nextOutput(child)).toBe("still here");
    const { code, stdout } = await ssh("-tt", "-o", "LogLevel=ERROR", "lab", "echo another; exit 7");
    expect([code, stdout.trim()]).toEqual([7, "another"]);
    expect(lab.host.logins() - logins).toBe(0);
    child.stdin.end();
    await exited(child);
    expect(child.exitCode).toBe(0);
    await lab.stack.keeper.stop();
  });
});

test("what a master of ssh does not serve as ssh does alone, logs in: -f and SetEnv", async () => {
  lab = await everyTerminalLab({ mode: "lasting", engine: "openssh" });
  await lab.stack.service.connect("lab");
  await lab.included(1);
  const [go, out] = [join(lab.host.folder, "go"), join(lab.host.folder, "out")];
  const logins = lab.host.logins();
  expect((await ssh("lab", "echo rides")).stdout).toBe("rides\n");
  expect(lab.host.logins() - logins).toBe(0);
  const command = `until [ -e ${go} ]; do sleep 0.1; done; echo background >${out}`;
  const child = spawn("ssh", ["-F", lab.config, "-f", "lab", command], { stdio: "ignore" });
  await exited(child);
  expect([child.exitCode, lab.host.logins() - logins]).toEqual([0, 1]);
  await writeFile(go, "");
  await until(async () => (await readFile(out, "utf8").catch(() => "")) === "background\n", "its command");
  await ssh("-o", "SetEnv=LC_A=b", "lab", "true");
  expect(lab.host.logins() - logins).toBe(2);
});

test.each(["yes", "auto"])(
  "a connection of the engine openssh at the user's ControlPath with ControlMaster %s serves ssh, also after its window",
  async (choice) => {
    lab = await everyTerminalLab({
      ...{ mode: "lasting", engine: "openssh", consent: refusing },
      blocks: (host) =>
        host.sshConfigText("lab", [`ControlPath ${host.folder}/own-%n`, `ControlMaster ${choice}`]),
    });
    await lab.stack.service.connect("lab");
    const socket = join(lab.host.folder, "own-lab");
    expect(await lab.included(1)).toEqual([expect.stringContaining(`ControlPath "${socket}"`)]);
    const logins = lab.host.logins();
    const child = await echo();
    await lab.stack[Symbol.asyncDispose]();
    child.stdin.write("still here\n");
    expect(await nextOutput(child)).toBe("still here");
    expect(await ssh("lab", "echo another; exit 7")).toEqual({ code: 7, stdout: "another\n", stderr: "" });
    expect(lab.host.logins() - logins).toBe(0);
    // With `yes`, ssh -O would be a master, too.
    expect((await ssh("-o", "ControlMaster=no", "-O", "exit", "lab")).code).toBe(0);
    await exited(child);
    // The file of a connection that has ended costs a moment.
    expect((await ssh("-o", "ControlMaster=no", "lab", "echo direct")).stdout).toBe("direct\n");
    expect(lab.host.logins() - logins).toBe(1);
  },
);

test("programs on a connection of the keeper are listed in its windows, and can be ended there", async () => {
  const keeper = { isOn: () => true, staysAfterLogout: () => false, build: "test" };
  lab = await everyTerminalLab({ mode: "lasting", stack: { keeper } });
  await lab.stack.service.connect("lab");
  await lab.included(1);
  const { programs } = lab.stack;
  const child = await echo();
  await until(
    () => programs.programs()[0]?.channels[0]?.command !== undefined,
    "the program and its command",
  );
  expect(programs.programs()).toMatchObject([
    {
      name: "ssh",
      pid: child.pid,
      masterId: "m1",
      outlivesWindow: true,
      channels: [{ command: "echo ready; cat" }],
    },
  ]);
  const other = await echo();
  await until(() => programs.programs().length === 2, "both programs are shown");
  programs.end(programs.programs().find(({ pid }) => pid === child.pid)?.id ?? "");
  await exited(child);
  expect(child.exitCode).toBe(255);
  await until(() => programs.programs().length === 1, "the end of the program's row");
  other.stdin.write("still here\n");
  expect(await nextOutput(other)).toBe("still here");
  await lab.stack.keeper.stop();
  await until(() => programs.programs().length === 0, "the end of the keeper's rows");
});

describe("the included files", () => {
  test("come with a connection, and go with it", async () => {
    lab = await everyTerminalLab();
    await lab.included(0);
    await lab.stack.service.connect("lab");
    const [text = ""] = await lab.included(1);
    expect(text).toContain(`Match originalhost lab exec "exec /bin/sh '${lab.includes}/probe-`);
    await lab.stack.service.disconnect(lab.stack.master().id);
    await lab.included(0);
    expect((await ssh("lab", "echo direct")).stdout).toBe("direct\n");
  });

  test("of a window that was killed cost a moment, and the next window removes them", async () => {
    lab = await everyTerminalLab();
    await lab.stack.service.connect("lab");
    const [text = ""] = await lab.included(1);
    const [name = ""] = (await readdir(lab.includes)).filter((each) => each.endsWith(".conf"));
    // A socket file at which nobody listens is what SIGKILL leaves.
    const server = createServer();
    const folder = lab.sockets;
    const dead = await listenIn(folder, server);
    server.close();
    const stale = name.replace(/-m1\.conf$/, "-m0.conf");
    await writeFile(
      join(lab.includes, stale),
      text.replaceAll(/'[^']+\/sockets\/[0-9a-f]+'/g, `'${join(folder, dead)}'`),
    );
    await rm(join(lab.includes, name));
    const logins = lab.host.logins();
    expect((await ssh("lab", "echo direct")).stdout).toBe("direct\n");
    expect(lab.host.logins() - logins).toBe(1);
    const next = new EveryTerminal({
      ...{ mode: "all", includes: lab.includes, configFile: lab.config, logger: lab.logger },
      sockets: folder,
    });
    await next.prepare();
    expect((await readdir(lab.includes)).filter((each) => /conf$|known_hosts$/.test(each))).toEqual([]);
  });

  test("are refused in a folder that others can write to", async () => {
    lab = await everyTerminalLab();
    const includes = join(lab.host.folder, "open", ".ssh", "ssh-sessions");
    await mkdir(includes, { recursive: true });
    await chmod(includes, 0o777);
    const next = new EveryTerminal({
      ...{ mode: "all", includes, configFile: lab.config, logger: lab.logger },
    });
    await expect(next.prepare()).rejects.toMatchObject({ reason: "unsafe-folder" });
  });
});

test("settings of the user that would prevent the use of the gateway do not", async () => {
  const harm = `
Host *
  ProxyJump nowhere.invalid
  ProxyUseFdpass yes
  ControlMaster auto
  ControlPath FOLDER/own-%C
  ControlPersist 60
  HostKeyAlgorithms ssh-ed25519
  KexAlgorithms curve25519-sha256
  Ciphers chacha20-poly1305@openssh.com
  MACs hmac-sha1
  Compression yes
  StrictHostKeyChecking ask
  UpdateHostKeys yes
  VisualHostKey yes
  CheckHostIP yes
  VerifyHostKeyDNS yes
  PreferredAuthentications publickey
  IdentityAgent FOLDER/no-agent
  CanonicalizeHostname yes
  AddKeysToAgent yes
  IgnoreUnknown UseKeychain
  UseKeychain yes
  RequestTTY no
  SendEnv LC_*
`;
  lab = await everyTerminalLab();
  await lab.stack.service.connect("lab");
  await lab.included(1);
  // Only plain ssh reads this file, so that its values do not count for the connection.
  const config = join(lab.host.folder, "harmful");
  const [included = ""] = await lab.included(1);
  const own = join(lab.host.folder, "own", ".ssh", "ssh-sessions");
  await mkdir(own, { recursive: true, mode: 0o700 });
  await writeFile(join(own, "a.conf"), included.replaceAll(`'${lab.config}'`, `'${config}'`), {
    mode: 0o600,
  });
  const user = `Host lab\n  User ${lab.host.user}\n`;
  await writeFile(config, `Include "${own}/*.conf"\n${user}${harm.replaceAll("FOLDER", lab.host.folder)}`);
  const logins = lab.host.logins();
  const outcome = await outcomeOf("ssh", ["-F", config, "lab", "echo through; exit 5"], process.env);
  expect(outcome).toEqual({ code: 5, stdout: "through\n", stderr: "" });
  expect(lab.host.logins() - logins).toBe(0);
  expect((await readdir(lab.host.folder)).filter((name) => name.startsWith("own-"))).toEqual([]);
});

test("a connection that is lost in the middle ends ssh with 255, and the next ssh logs in as before", async () => {
  lab = await everyTerminalLab();
  await lab.stack.service.connect("lab");
  await lab.included(1);
  const child = await echo();
  lab.stack.service.kill(lab.stack.master().id);
  await exited(child);
  expect(child.exitCode).toBe(255);
  await lab.included(0);
  expect((await ssh("lab", "echo direct")).stdout).toBe("direct\n");
});

test("a server that accepts two sessions on a connection: further programs get a further connection", async () => {
  lab = await everyTerminalLab({ sshd: { sshd: { MaxSessions: 2 } } });
  await lab.stack.service.connect("lab");
  await lab.included(1);
  const all = await Promise.all([echo(), echo(), echo()]);
  expect(lab.host.logins()).toBe(2);
  for (const child of all) {
    child.stdin.end();
    await exited(child);
    expect(child.exitCode).toBe(0);
  }
});

describe("a hostile program of the same machine", () => {
  test("at the gateway's socket gets no connection without the protocol, and no other client is affected", async () => {
    lab = await everyTerminalLab();
    await lab.stack.service.connect("lab");
    const [text = ""] = await lab.included(1);
    const socket = /'([^']+\/sockets\/[0-9a-f]+)'/.exec(text)?.[1] ?? "";
    const child = await echo();
    for (const bytes of [
      randomBytes(1000),
      Buffer.from("SSH-2.0-OpenSSH_9.9\r\n"),
      Buffer.concat([Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 4]), Buffer.from("ffffffff", "hex")]),
      Buffer.alloc(300_000),
    ]) {
      const stranger = connect(socket);
      stranger.on("error", () => {});
      stranger.write(bytes);
      stranger.resume();
      await new Promise((resolve) => stranger.once("close", resolve));
    }
    // One that makes the gateway answer, and reads nothing.
    const deaf = connect(socket);
    deaf.on("error", () => {});
    deaf.write(encodeMuxHello());
    deaf.write(encodeMux(muxType.proxy, wireUint32(0)));
    deaf.write(
      encodeProxyFrame(encodeOpen({ type: "session", sender: 1, window: 0, packet: 1 }, Buffer.alloc(0))),
    );
    const asks = encodeProxyFrame(Buffer.concat([Buffer.of(80), wireString("x"), Buffer.of(1)]));
    const flood = Buffer.concat(Array(10_000).fill(asks));
    const gone = new Promise((resolve) => deaf.once("close", resolve));
    deaf.pause();
    while (!deaf.destroyed) {
      if (!deaf.write(flood)) {
        await Promise.race([new Promise((resolve) => deaf.once("drain", resolve)), gone]);
      }
    }
    await gone;
    child.stdin.write("unharmed\n");
    expect(await nextOutput(child)).toBe("unharmed");
  });

  test("another user can't reach the socket or read the included files", async () => {
    lab = await everyTerminalLab();
    await lab.stack.service.connect("lab");
    const [text = ""] = await lab.included(1);
    const socket = /'([^']+\/sockets\/[0-9a-f]+)'/.exec(text)?.[1] ?? "";
    // The folders above are open, as the homes of many machines are.
    await chmod(lab.host.folder, 0o755);
    const script = `
      const { connect } = require("node:net");
      const { readdirSync } = require("node:fs");
      let listed = "read";
      try { readdirSync(${JSON.stringify(lab.includes)}); } catch (error) { listed = error.code; }
      connect(${JSON.stringify(socket)}).on("connect", () => console.log("in", listed))
        .on("error", (error) => console.log(error.code, listed));`;
    const nobody = 65_534;
    const child = spawn(process.execPath, ["-e", script], {
      ...{ uid: nobody, gid: nobody, cwd: "/" },
    });
    expect(await nextOutput(child)).toBe("EACCES EACCES");
    await exited(child);
  });

  test("a socket of another user in place of ours is not used", async () => {
    lab = await everyTerminalLab();
    await lab.stack.service.connect("lab");
    const [text = ""] = await lab.included(1);
    const known = /UserKnownHostsFile "([^"]+)"/.exec(text)?.[1] ?? "";
    // Its key is not the one of our gateway.
    const line = await readFile(known, "utf8");
    const blob = line.split(" ")[2] ?? "";
    const other = Buffer.from(blob, "base64");
    other.writeUInt8((other.at(-2) ?? 0) ^ 1, other.length - 2);
    await writeFile(known, line.replace(blob.trim(), other.toString("base64")));
    const { code, stderr } = await ssh("lab", "true");
    expect(code).toBe(255);
    expect(stderr).toMatch(/Host key verification failed|REMOTE HOST IDENTIFICATION|error/i);
    await until(() => lab.stack.programs.programs().length === 0, "nobody is connected");
  });
});
