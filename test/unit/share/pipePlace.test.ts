import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { FolderPlace } from "../../../src/share/meeting/folderPlace.ts";
import { newMeetingPlace } from "../../../src/share/meeting/newMeetingPlace.ts";
import { derivedPipeId, pipeFolderPath, windowsPipe } from "../../../src/share/meeting/pipeNames.ts";
import { PipePlace } from "../../../src/share/meeting/pipePlace.ts";
import { userSecret } from "../../../src/share/meeting/pipeSecret.ts";
import { until } from "../../lab/until.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { abstractPipe, pipePlaceOnLinux } from "../../support/meetingPlaces.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const never = new AbortController().signal;
const start = `w${"1".repeat(12)}.`;

describe("the place where windows meet by pipes", () => {
  let folder: string;
  let logger: RecordingLogger;
  let place: PipePlace;
  let cleanups: (() => void)[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-pipes-"));
    logger = new RecordingLogger();
    place = pipePlaceOnLinux(folder, logger);
    cleanups = [];
  });

  afterEach(async () => {
    for (const cleanup of cleanups) {
      cleanup();
    }
    await rm(folder, { recursive: true, force: true });
  });

  const idOf = (name: string): string => name.slice(start.length);
  const pathOf = (id: string): string => abstractPipe(folder)(id);
  const publish = async (serve = (socket: Socket): void => void socket.end("hello")) => {
    const served = await place.publish(start, serve);
    cleanups.push(() => served.dispose());
    return served;
  };
  /** A process that knows the names of pipes, but no secret. */
  const squat = async (id: string, serve: (socket: Socket) => void = () => {}): Promise<Server> => {
    const server = createServer((socket) => {
      cleanups.push(() => socket.destroy());
      serve(socket.on("error", () => {}).resume());
    });
    server.listen(pathOf(id));
    await once(server, "listening");
    cleanups.push(() => server.close());
    return server;
  };
  const garbage = (socket: Socket): void => void socket.write("x".repeat(100));
  /** A window that is killed while it has this pipe. */
  const killedAt = async (id: string): Promise<void> => {
    const script = `require("net").createServer().listen(${JSON.stringify(pathOf(id))}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", script]), "exit");
  };

  test("a window finds what another one has published, and gets its bytes, until that one ends it", async () => {
    await place.prepare();
    const served = await publish();
    const other = pipePlaceOnLinux(folder);
    await other.prepare();
    expect(await other.others(start)).toEqual([served.name]);
    expect(await other.others(`w${"2".repeat(12)}.`)).toEqual([]);
    const reached = await other.reach(served.name, 2000, never);
    if (reached.kind !== "open") {
      throw new Error(reached.kind);
    }
    expect(String((await once(reached.socket, "data"))[0])).toBe("hello");
    served.dispose();
    await until(async () => (await other.others(start)).length === 0, "the entry is removed");
    expect(await other.reach(served.name, 2000, never)).toEqual({ kind: "stale" });
    expect(logger.complaints).toEqual([]);
  });

  test("the secret is in no name and no log line", async () => {
    const served = await publish();
    const secret = await readFile(join(folder, "secret"));
    await place.hold("turn x", () => {}).then((held) => cleanups.push(() => held?.dispose()));
    const seen = [...(await readdir(folder)), served.name, ...logger.lines].join("\n");
    expect(seen).not.toContain(secret.toString("hex"));
    expect(seen).not.toContain(secret.toString("base64"));
  });

  test("entries that killed windows have left are removed, and only those", async () => {
    let clients = 0;
    const served = await publish(() => void clients++);
    const dead = `${start}${"d".repeat(32)}`;
    const taken = `${start}${"e".repeat(32)}`;
    const [old, fresh] = [`.${"0".repeat(12)}`, `.${"1".repeat(12)}`];
    for (const name of [dead, taken, old, fresh, "notes.txt"]) {
      await writeFile(join(folder, name), "");
    }
    await utimes(join(folder, old), 0, 0);
    await killedAt(idOf(dead));
    await squat(idOf(taken), garbage);
    await pipePlaceOnLinux(folder).prepare();
    expect(clients).toBe(0);
    expect((await readdir(folder)).sort()).toEqual([fresh, "notes.txt", "secret", served.name, taken].sort());
  });

  test("an entry of a pipe that another process has is no window, and stays", async () => {
    await place.prepare();
    const name = `${start}${"f".repeat(32)}`;
    await writeFile(join(folder, name), "");
    await squat(idOf(name), garbage);
    expect((await place.reach(name, 2000, never)).kind).toBe("stranger");
    expect(await place.others(start)).toEqual([name]);
    expect(await place.reach(`${start}../secret`, 2000, never)).toEqual({ kind: "stale" });
  });

  test("a pipe that says nothing is given up after the patience", async () => {
    const clock = new ManualClock();
    const patient = new PipePlace({ clock, logger, folder, pipePath: abstractPipe(folder) });
    const name = `${start}${"f".repeat(32)}`;
    await patient.prepare();
    const server = await squat(idOf(name));
    const reached = patient.reach(name, 2000, never);
    await once(server, "connection");
    await clock.advance(2000);
    expect(await reached).toEqual({ kind: "silent" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("strangers at a pipe are logged once, do not reach what is served, and no more than 16 wait", async () => {
    let served = 0;
    const { name } = await publish((socket) => {
      served++;
      socket.end("hello");
    });
    for (let count = 0; count < 3; count++) {
      const stranger = connect(pathOf(idOf(name))).on("error", () => {});
      stranger.resume().write("x".repeat(100));
      await once(stranger, "close");
    }
    expect(logger.complaints).toEqual([
      "warn: A process that does not know this user's secret was refused at a pipe",
    ]);
    const silent = Array.from({ length: 40 }, () => connect(pathOf(idOf(name))).resume());
    cleanups.push(...silent.map((socket) => () => socket.destroy()));
    const open = (): number => silent.filter(({ destroyed }) => !destroyed).length;
    await until(() => open() === 16, "the oldest have been closed");
    // A window still gets in.
    expect((await pipePlaceOnLinux(folder).reach(name, 2000, never)).kind).toBe("open");
    expect(served).toBe(1);
    expect(open()).toBeGreaterThanOrEqual(15);
  });

  test("a window that is let go before its proof, as by a crowd of strangers, tries again and gets in", async () => {
    const { name } = await publish();
    let comers = 0;
    const front = createServer((socket) => {
      cleanups.push(() => socket.destroy());
      if (++comers <= 2) {
        socket.destroy();
      } else {
        socket.pipe(connect(pathOf(idOf(name)))).pipe(socket);
      }
    });
    front.listen(`${pathOf(idOf(name))}-front`);
    await once(front, "listening");
    cleanups.push(() => front.close());
    const pipePath = (id: string): string => `${pathOf(id)}-front`;
    const visitor = new PipePlace({ clock: systemClock, logger, folder, pipePath });
    const reached = await visitor.reach(name, 2000, never);
    expect([reached.kind, comers]).toEqual(["open", 3]);
  });

  test("a pipe that lets every client go at once is given up after the patience, and the wait can be cancelled", async () => {
    const clock = new ManualClock();
    const patient = new PipePlace({ clock, logger, folder, pipePath: abstractPipe(folder) });
    const name = `${start}${"f".repeat(32)}`;
    await patient.prepare();
    let comers = 0;
    await squat(idOf(name), (socket) => {
      comers++;
      socket.destroy();
    });
    const timers = vi.spyOn(clock, "setTimeout");
    const pauses = (): number => timers.mock.calls.filter(([, delay]) => delay === 20).length;
    const reached = patient.reach(name, 50, never);
    for (let tries = 1; tries <= 3; tries++) {
      await until(() => pauses() === tries, "it waits before it tries again");
      await clock.advance(20);
    }
    expect(await reached).toEqual({ kind: "silent" });
    expect(comers).toBe(3);
    const abort = new AbortController();
    const cancelled = patient.reach(name, 2000, abort.signal);
    await until(() => comers === 4, "it tries");
    const cause = new Error("no more");
    abort.abort(cause);
    const rejected = expect(cancelled).rejects.toBe(cause);
    await clock.advance(20);
    await rejected;
    expect(clock.pendingTimers).toBe(0);
  });

  test("those who wait when a pipe is closed are let go", async () => {
    const served = await publish();
    const silent = connect(pathOf(idOf(served.name))).resume();
    await once(silent, "connect");
    const written = once(silent, "data");
    await written;
    served.dispose();
    await once(silent, "close");
  });

  test("one window at a time holds a name, also after a killed one", async () => {
    await place.prepare();
    const secret = await userSecret(folder);
    await killedAt(derivedPipeId(secret, "name"));
    const held = await place.hold("name", (socket) => void socket.write("mine"));
    expect(held).toBeDefined();
    const other = pipePlaceOnLinux(folder);
    expect(await other.hold("name", () => {})).toBeUndefined();
    const reached = await other.reachHolder("name", 2000, never);
    if (reached.kind !== "open") {
      throw new Error(reached.kind);
    }
    expect(String((await once(reached.socket, "data"))[0])).toBe("mine");
    reached.socket.destroy();
    held?.dispose();
    expect(await other.reachHolder("name", 2000, never)).toEqual({ kind: "stale" });
    const next = await other.hold("name", () => {});
    expect(next).toBeDefined();
    next?.dispose();
  });

  test("of windows that want the turn at once, one has it, and the others wait for its end", async () => {
    const places = Array.from({ length: 5 }, () => pipePlaceOnLinux(folder));
    let [having, most, count] = [0, 0, 0];
    const wants = async (each: PipePlace): Promise<void> => {
      for (;;) {
        const outcome = await each.takeTurn("hash", 60_000, never);
        expect(outcome.kind).not.toBe("given-up");
        if (outcome.kind === "held") {
          most = Math.max(most, ++having);
          await readdir(folder);
          having--;
          count++;
          outcome.turn.dispose();
          return;
        }
      }
    };
    for (let round = 0; round < 10; round++) {
      await Promise.all(places.map(wants));
    }
    expect([most, count]).toEqual([1, 50]);
  });

  test("a turn whose name another process has is not to be had, and is not asked for again at once", async () => {
    const clock = new ManualClock();
    const patient = new PipePlace({ clock, logger, folder, pipePath: abstractPipe(folder) });
    await patient.prepare();
    const id = derivedPipeId(await userSecret(folder), "turn hash");
    let asked = 0;
    const server = await squat(id, (socket) => {
      asked++;
      garbage(socket);
    });
    expect(await patient.takeTurn("hash", 20_000, never)).toEqual({ kind: "given-up" });
    expect(await patient.takeTurn("hash", 20_000, never)).toEqual({ kind: "given-up" });
    expect([asked, logger.complaints.length]).toEqual([1, 1]);
    await clock.advance(60_000);
    expect(await patient.takeTurn("hash", 20_000, never)).toEqual({ kind: "given-up" });
    expect(asked).toBe(2);
    server.close();
    await once(server, "close");
    const outcome = await patient.takeTurn("hash", 20_000, never);
    expect(outcome.kind).toBe("held");
    if (outcome.kind === "held") {
      outcome.turn.dispose();
    }
    expect(clock.pendingTimers).toBe(0);
  });

  test("a holder of the turn that says nothing is waited for no longer than 3 s, and a window can be cancelled", async () => {
    const clock = new ManualClock();
    const patient = new PipePlace({ clock, logger, folder, pipePath: abstractPipe(folder) });
    await patient.prepare();
    const server = await squat(derivedPipeId(await userSecret(folder), "turn hash"));
    const abort = new AbortController();
    const cancelled = patient.takeTurn("hash", 20_000, abort.signal);
    await once(server, "connection");
    const cause = new Error("no more");
    abort.abort(cause);
    await expect(cancelled).rejects.toBe(cause);
    const waiting = patient.takeTurn("hash", 20_000, never);
    await once(server, "connection");
    await clock.advance(3000);
    expect(await waiting).toEqual({ kind: "given-up" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("the end of a turn ends the wait for it at once", async () => {
    const clock = new ManualClock();
    const windows = [0, 1].map(
      () => new PipePlace({ clock, logger, folder, pipePath: abstractPipe(folder) }),
    );
    const [holder, guest] = windows as [PipePlace, PipePlace];
    const outcome = await holder.takeTurn("hash", 20_000, never);
    if (outcome.kind !== "held") {
      throw new Error(outcome.kind);
    }
    const waiting = guest.takeTurn("hash", 20_000, never);
    // The holder's beat, and the two timers of the one that waits; those of the handshake are over.
    await until(() => clock.pendingTimers === 3, "it waits");
    outcome.turn.dispose();
    expect(await waiting).toEqual({ kind: "passed" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("nothing works without a secret that can be used, and a profile on another computer is refused", async () => {
    await writeFile(join(folder, "secret"), "short");
    await expect(place.prepare()).rejects.toMatchObject({ reason: "no-secret" });
    await expect(place.publish(start, () => {})).rejects.toMatchObject({ reason: "no-secret" });
    expect((await place.reach(`${start}${"a".repeat(32)}`, 2000, never)).kind).toBe("unfit");
    const elsewhere = new PipePlace({ clock: systemClock, logger, folder: "\\\\server\\home\\me" });
    await expect(elsewhere.prepare()).rejects.toMatchObject({ reason: "unsafe-folder" });
    // After the user has deleted it.
    await rm(join(folder, "secret"));
    await place.prepare();
    await publish();
  });

  test("the folder and its files are the user's own", async () => {
    const inside = join(folder, "a", "b");
    await pipePlaceOnLinux(inside).prepare();
    expect((await stat(inside)).mode & 0o777).toBe(0o700);
    expect((await stat(join(inside, "secret"))).mode & 0o777).toBe(0o600);
  });
});

test("on Windows, the folder is in the local part of the profile, and pipes are named as Windows wants", () => {
  const home = "C:\\Users\\me";
  const usual = "C:\\Users\\me\\AppData\\Local\\ssh-sessions";
  expect(pipeFolderPath({ LOCALAPPDATA: "D:\\Local" }, home)).toBe("D:\\Local\\ssh-sessions");
  expect(pipeFolderPath({}, home)).toBe(usual);
  expect(pipeFolderPath({ LOCALAPPDATA: "" }, home)).toBe(usual);
  expect(pipeFolderPath({ LOCALAPPDATA: "relative" }, home)).toBe(usual);
  expect(windowsPipe("ab")).toBe("\\\\.\\pipe\\ssh-sessions-ab");
  const init = { clock: systemClock, logger: new RecordingLogger(), folder: "/nonexistent" };
  expect(newMeetingPlace(init, "win32")).toBeInstanceOf(PipePlace);
  expect(newMeetingPlace(init, "linux")).toBeInstanceOf(FolderPlace);
  expect(newMeetingPlace(init, "darwin")).toBeInstanceOf(FolderPlace);
});
