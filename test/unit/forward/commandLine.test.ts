import { expect, test } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { formatForward, parseForward } from "../../../src/config/forwardSpec.ts";
import { runCommandLine } from "../../../src/forward/commandLine.ts";
import type { ForwardSnapshot } from "../../../src/forward/forwardTypes.ts";

const place = { host: "web1", folder: undefined, masterId: "m1" };

function snapshot(id: string, text: string, over: Partial<ForwardSnapshot> = {}): ForwardSnapshot {
  const spec = parseForward(text);
  return {
    ...{ id, masterId: "m1", host: "web1", spec, origins: [{ kind: "person" }] },
    ...{ state: { kind: "listening", since: 0 }, since: 0, addresses: [], takenAddresses: [] },
    ...{ port: spec.listen.type === "tcp" ? spec.listen.port : undefined, connections: [] },
    ...{ openConnections: 0, taken: 0, failed: 0, sent: 0, received: 0, rate: 0, lastFailure: undefined },
    ...over,
  };
}

/** The effects of the lines, in order. */
function service(forwards: readonly ForwardSnapshot[] = [], failure?: Error) {
  const log: string[] = [];
  return {
    log,
    forwards: () => forwards,
    start: async ({ host, spec }: Parameters<Parameters<typeof runCommandLine>[2]["start"]>[0]) => {
      if (failure !== undefined) {
        throw failure;
      }
      log.push(`${host} ${formatForward(spec)}`);
      return snapshot("f9", formatForward(spec));
    },
    stop: (id: string) => void log.push(`stop ${id}`),
  };
}

test.each([
  ["-L8080:db:5432", "-L 8080:db:5432"],
  ["  -L  8080:db:5432  ", "-L 8080:db:5432"],
  ["L8080:db:5432", "-L 8080:db:5432"],
  ["-R 9000:localhost:80", "-R 9000:localhost:80"],
  ["-R1080", "-R 1080"],
  ["-D *:1080", "-D *:1080"],
  ["-L /tmp/a:/tmp/b", "-L /tmp/a:/tmp/b"],
])("%s starts a forward", async (line, started) => {
  const own = service();
  expect(await runCommandLine(line, place, own)).toMatchObject({ kind: "started" });
  expect(own.log).toEqual([`web1 ${started}`]);
});

test.each([
  ["", "nothing"],
  ["  ", "nothing"],
  ["-", "nothing"],
  ["-h", "help"],
  ["?", "help"],
  ["Help", "help"],
  ["-X", "invalid"],
  ["!ls", "invalid"],
  ["-K", "invalid"],
  ["-Kx 80", "invalid"],
  ["-l8080:db:5432", "invalid"],
  ["-L", "bad"],
  ["-L 8080", "bad"],
  ["-L 99999:db:80", "bad"],
  ["-D 1:2:3", "bad"],
  ["-KL", "bad"],
  ["-KL 8080:db:5432", "bad"],
])("%s changes nothing: %s", async (line, kind) => {
  const own = service([snapshot("f1", "-L 8080:db:5432")]);
  expect(await runCommandLine(line, place, own)).toMatchObject({ kind });
  expect(own.log).toEqual([]);
});

test("a cancel finds the forward by its kind, its port and its connection", async () => {
  const forwards = [
    snapshot("other", "-L 8080:db:1", { masterId: "m2" }),
    snapshot("dynamic", "-D 8080"),
    snapshot("remote", "-R 8080:db:1"),
    snapshot("local", "-L 8080:db:1"),
    snapshot("address", "-L 127.0.0.2:8080:db:1"),
    snapshot("free", "-L 0:db:1", { port: 4711 }),
  ];
  for (const [line, stopped] of [
    ["-KL8080", "local"],
    ["-KL localhost:8080", "local"],
    ["-KL 127.0.0.2:8080", "address"],
    ["-KR 8080", "remote"],
    ["-KD 8080", "dynamic"],
    ["-KL 4711", "free"],
  ] as const) {
    const own = service(forwards);
    expect(await runCommandLine(line, place, own)).toMatchObject({ kind: "cancelled" });
    expect(own.log).toEqual([`stop ${stopped}`]);
  }
  expect(await runCommandLine("-KL 8081", place, service(forwards))).toEqual({ kind: "unknown" });
});

test("a refusal by the user and a failure are distinguished", async () => {
  const line = "-L *:80:db:1";
  expect(await runCommandLine(line, place, service([], new CancelledError()))).toEqual({ kind: "declined" });
  const error = new Error("no such host");
  expect(await runCommandLine(line, place, service([], error))).toEqual({ kind: "failed", error });
});
