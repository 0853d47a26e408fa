import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { encodeMuxHello } from "../../src/engine/mux/muxMessages.ts";
import { derivedPipeId } from "../../src/share/meeting/pipeNames.ts";
import { secretFileName, userSecret } from "../../src/share/meeting/pipeSecret.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { abstractPipe, pipePlaceOnLinux } from "../support/meetingPlaces.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { TwoUsers } from "../support/secondUser.ts";
import { type TestStack, testStack } from "../support/testStack.ts";
import { WindowProcess } from "../support/windowProcess.ts";

/** Listens at a pipe, sends a greeting with a nonce and a guess, and says how much it gets. */
const squatting = `
  const net = require("net");
  net.createServer((socket) => {
    let got = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (data) => (got = Buffer.concat([got, data])));
    socket.on("close", () => console.log("got " + got.length + " " + got.subarray(0, 22).toString().trim()));
    socket.write("ssh-sessions window 1\\n".padEnd(86, "n"));
  }).listen("\\0" + process.argv[1], () => console.log("ready"));`;

/** Says recorded bytes at a pipe, and then what it gets, and whether it can read the secret. */
const visiting = `
  try {
    require("fs").readFileSync(process.argv[2]);
    console.log("has the secret");
  } catch (error) {
    console.log(error.code);
  }
  let got = 0;
  const socket = require("net").connect("\\0" + process.argv[1]);
  socket.on("error", () => {});
  socket.on("data", (data) => (got += data.length));
  socket.on("close", () => console.log("got " + got));
  socket.write(Buffer.from(process.argv[3], "hex"));`;

describe("another user of the computer at the pipes of windows", () => {
  let host: SshdHost;
  let folder: string;
  let config: string;
  let pipes: string;
  let logins: number;
  let users: TwoUsers;
  /** For which connections a window wanted the turn. */
  let turns: string[];

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => await host.stop());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-pipes-"));
    await chmod(folder, 0o755);
    config = join(folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    pipes = join(folder, "sockets");
    logins = host.logins();
    users = new TwoUsers();
    turns = [];
  });

  afterEach(async () => {
    await users[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const window = async (logger: RecordingLogger): Promise<TestStack> => {
    const meetingPlace = pipePlaceOnLinux(pipes, logger);
    const takeTurn = meetingPlace.takeTurn.bind(meetingPlace);
    meetingPlace.takeTurn = (hash, ...rest) => {
      turns.push(hash);
      return takeTurn(hash, ...rest);
    };
    return users.window(await testStack(config, { logger, meetingPlace, sharesWithWindows: () => true }));
  };
  /** A program of the second user. @returns what it has said so far */
  const attacker = (script: string, ...args: readonly string[]): { said(): readonly string[] } => {
    let text = "";
    users.attacker(script, ...args).stdout?.on("data", (data) => (text += String(data)));
    return { said: () => text.split("\n").slice(0, -1) };
  };
  const entries = async (): Promise<readonly string[]> =>
    (await readdir(pipes)).filter((name) => name !== secretFileName);
  const nameOf = (id: string): string => abstractPipe(pipes)(id).slice(1);

  test("takes the pipe of a killed window: the next one sends it no more than its proof, and logs in itself", async () => {
    const killed = await WindowProcess.start(config, pipes, "killed", [], { WINDOW_PLACE: "pipes" });
    await killed.ask({ do: "open" });
    await until(async () => (await entries()).length === 1, "the window's entry");
    const [entry = ""] = await entries();
    await killed.kill();
    const { said } = attacker(squatting, nameOf(entry.split(".")[1] ?? ""));
    await until(() => said().length === 1, "it listens");
    const logger = new RecordingLogger();
    const next = await window(logger);
    await next.service.connect("lab");
    expect(next.master().heldBy).toBeUndefined();
    expect(host.logins() - logins).toBe(2);
    await until(() => said().some((line) => line.startsWith("got 86 ")), "it has got a nonce and a proof");
    // The other connection found out whether anybody listens there.
    expect(said().every((line) => /^(?:ready|got 0|got 86 ssh-sessions window 1)$/.test(line.trim()))).toBe(
      true,
    );
    expect(
      logger.complaints.filter((line) => line.includes("does not know this user's secret")),
    ).toHaveLength(1);
    // Windows find each other all the same.
    const third = await window(new RecordingLogger());
    await third.service.connect("lab");
    expect(third.master().heldBy).toBeDefined();
    expect(host.logins() - logins).toBe(2);
  });

  test("comes to the pipe of a window: it gets a nonce, is refused and logged, and windows go on sharing", async () => {
    const logger = new RecordingLogger();
    const owner = await window(logger);
    await owner.service.connect("lab");
    await until(async () => (await entries()).length === 1, "the window's entry");
    const [entry = ""] = await entries();
    const hello = Buffer.concat([encodeMuxHello(), Buffer.alloc(200)]).toString("hex");
    const args = [nameOf(entry.split(".")[1] ?? ""), join(pipes, secretFileName), hello];
    const visits = [0, 1].map(() => attacker(visiting, ...args));
    for (const { said } of visits) {
      await until(() => said().length === 2, "it is refused");
      expect(said()).toEqual(["EACCES", "got 54"]);
    }
    expect(logger.complaints).toEqual([
      "warn: A process that does not know this user's secret was refused at a pipe",
    ]);
    expect(owner.windows.windows()).toEqual([]);
    const guest = await window(new RecordingLogger());
    await guest.service.connect("lab");
    expect(guest.master().heldBy).toBeDefined();
    expect(host.logins() - logins).toBe(1);
  });

  test("has the pipe of the turn to log in: a window logs in without it, and others use its connection", async () => {
    const probe = await window(new RecordingLogger());
    await probe.service.connect("lab");
    const [hash = ""] = turns;
    const { said } = attacker(squatting, nameOf(derivedPipeId(await userSecret(pipes), `turn ${hash}`)));
    await probe[Symbol.asyncDispose]();
    await until(() => said().length === 1, "it listens");
    const logger = new RecordingLogger();
    const next = await window(logger);
    await next.service.connect("lab");
    expect(
      logger.complaints.filter((line) => line.includes("does not know this user's secret")),
    ).toHaveLength(1);
    expect(turns).toEqual([hash, hash]);
    await until(() => said().length === 2, "it has got a nonce and a proof");
    expect(said()[1]).toBe("got 86 ssh-sessions window 1");
    const third = await window(new RecordingLogger());
    await third.service.connect("lab");
    expect(third.master().heldBy).toBeDefined();
    expect(host.logins() - logins).toBe(2);
  });
});
