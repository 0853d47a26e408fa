import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ConnectionEngine, EngineChannel } from "../../../src/engine/connectionEngine.ts";
import { until } from "../../lab/until.ts";
import { makeBench } from "./bench.ts";
import { collect, execSpec, never, run, Screen, sha256, shellSpec, writeAll } from "./channels.ts";

const mega = 1024 * 1024;

/** The line length does not divide the packet size, so a lost or repeated line is detected. */
const line = `${Array.from({ length: 1500 }, (_, index) => index).join(" ")}\n`;
const flood = (bytes: number): string => `yes "$(seq -s ' ' 0 1499)" | head -c ${bytes}`;

function floodHash(bytes: number): string {
  const text = Buffer.from(line);
  const parts = Array.from({ length: Math.floor(bytes / text.length) }, () => text);
  return sha256([...parts, text.subarray(0, bytes % text.length)]);
}

/** The window of a channel that has just opened. */
const windowOf = (channel: EngineChannel): number => channel.details().localWindowSize ?? 0;

export function describeFlow(makeEngine: () => ConnectionEngine): void {
  const bench = makeBench(makeEngine);

  test("a flood of 100 MB with pauses arrives byte for byte, and no data arrives during a pause", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(execSpec(flood(100 * mega)), never());
    const chunks: Uint8Array[] = [];
    let received = 0;
    let paused = false;
    let nextPause = 10 * mega;
    const heldBack: boolean[] = [];
    const ended = new Promise<void>((resolve) => {
      channel.onDidReceive(({ data }) => {
        heldBack.push(!paused);
        chunks.push(data);
        received += data.length;
        if (received >= nextPause) {
          nextPause += 10 * mega;
          paused = true;
          channel.pause();
          // Long enough for data in flight to arrive.
          void until(() => {
            const { localWindow, eofReceived } = channel.details();
            return localWindow === 0 || eofReceived;
          }, "the end of the window").then(() => {
            paused = false;
            channel.resume();
          });
        }
      });
      channel.onDidClose(() => resolve());
    });
    channel.resume();
    await ended;
    expect(received).toBe(100 * mega);
    expect(sha256(chunks)).toBe(floodHash(100 * mega));
    expect(heldBack).not.toContain(false);
  });

  test("after a pause at most one window arrives, which is small for a terminal", async () => {
    const connection = await bench.login(await bench.host());
    for (const spec of [execSpec("yes"), { ...shellSpec(), ...execSpec("yes"), pty: shellSpec().pty }]) {
      const channel = await connection.openSession(spec as ReturnType<typeof execSpec>, never());
      const size = windowOf(channel);
      await new Promise<void>((resolve) => {
        let seen = 0;
        channel.onDidReceive(({ data }) => {
          seen += data.length;
          if (seen > 2 * mega) {
            channel.pause();
            resolve();
          }
        });
        channel.resume();
      });
      await until(() => channel.details().localWindow === 0, "the end of the window");
      const before = connection.bytesIn;
      // No more data may arrive at all, for which there is no event: so this waits for a fixed time.
      await delay(300);
      expect(connection.bytesIn).toBe(before);
      if (spec.pty !== undefined) {
        expect(size).toBeLessThanOrEqual(512 * 1024);
      }
      const closed = new Promise<void>((resolve) => channel.onDidClose(() => resolve()));
      channel.close();
      await closed;
    }
  });

  test("a paused flood leaves the other sessions of the connection responsive", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(execSpec("yes"), never());
    channel.onDidReceive(() => channel.pause());
    channel.resume();
    await until(() => channel.details().localWindow === 0, "the end of the window");
    expect((await run(connection, "echo here")).stdout).toBe("here\n");
    channel.close();
  });

  test("a flood on standard error alone does not block", async () => {
    const connection = await bench.login(await bench.host());
    const { stderr, stdout } = await run(connection, `${flood(20 * mega)} >&2; echo done`);
    expect([stderr.length, stdout]).toEqual([20 * mega, "done\n"]);
  });

  test("an upload arrives byte for byte, and a writer that honours back-pressure queues little", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(execSpec("sha256sum"), never());
    const ended = collect(channel);
    const chunk = Buffer.from(line.repeat(9));
    const chunks = Array.from({ length: 900 }, () => chunk);
    const most = await writeAll(channel, chunks);
    channel.eof();
    expect((await ended).stdout.slice(0, 64)).toBe(sha256(chunks));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(mega);
  });

  test("a stopped reader blocks the writer, and a close drops the queued data", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(execSpec("echo ready; exec sleep 1000"), never());
    const screen = new Screen(channel);
    const ended = collect(channel);
    await screen.shows(/ready/);
    const block = Buffer.alloc(64 * 1024);
    while (channel.details().remoteWindow !== 0) {
      channel.write(block);
      await delay(1);
    }
    let more = 0;
    while (channel.write(block)) {
      more++;
    }
    expect(more * block.length).toBeLessThan(mega);
    expect(channel.queuedBytes).toBeGreaterThan(0);
    expect((await run(connection, "echo here")).stdout).toBe("here\n");
    channel.close();
    expect([channel.queuedBytes, channel.write(block)]).toEqual([0, false]);
    // sshd answers the CLOSE only when its own queue to the program is empty: the caller decides when to end.
    connection.destroy();
    expect(await ended).toMatchObject({ lost: true });
  });

  test("a keystroke on one session is echoed while another uploads", async () => {
    const connection = await bench.login(await bench.host());
    const upload = await connection.openSession(execSpec("cat > /dev/null"), never());
    const uploaded = collect(upload);
    const shell = await connection.openSession(execSpec("cat"), never());
    const screen = new Screen(shell);
    let over = false;
    const writing = (async () => {
      while (!over) {
        await writeAll(upload, [Buffer.alloc(256 * 1024)]);
      }
      upload.eof();
    })();
    for (const key of ["a", "b", "c", "d", "e"]) {
      screen.type(key);
      await screen.shows(new RegExp(key));
    }
    over = true;
    await writing;
    expect((await uploaded).exit).toEqual({ code: 0 });
  });

  test("rekeying by either side under load in both directions loses nothing", async () => {
    const host = await bench.host({ sshd: { RekeyLimit: "2M" } });
    const connection = await bench.login(host);
    const down = connection.openSession(execSpec(flood(30 * mega)), never());
    const up = connection.openSession(execSpec("sha256sum"), never());
    const chunks: Uint8Array[] = [];
    const [download, upload] = await Promise.all([down, up]);
    const downloaded = new Promise<void>((resolve) => {
      let seen = 0;
      download.onDidReceive(({ data }) => {
        chunks.push(data);
        seen += data.length;
        if (connection.capabilities.rekey && Math.floor(seen / mega) % 3 === 0) {
          connection.rekey();
        }
      });
      download.onDidClose(() => resolve());
      download.resume();
    });
    const uploaded = collect(upload);
    const block = Buffer.from(line.repeat(9));
    const blocks = Array.from({ length: 500 }, () => block);
    await writeAll(upload, blocks);
    upload.eof();
    await downloaded;
    expect(sha256(chunks)).toBe(floodHash(30 * mega));
    expect((await uploaded).stdout.slice(0, 64)).toBe(sha256(blocks));
    expect((await run(connection, "echo on")).stdout).toBe("on\n");
  });

  test("bytes in both directions and the time of the last data are counted", async () => {
    const connection = await bench.login(await bench.host());
    const [bytesIn, bytesOut, last] = [connection.bytesIn, connection.bytesOut, connection.lastReceived];
    await run(connection, flood(mega));
    expect(connection.bytesIn - bytesIn).toBeGreaterThan(mega);
    expect(connection.bytesOut).toBeGreaterThan(bytesOut);
    expect(connection.lastReceived).toBeGreaterThan(last);
  });
}
