import { expect, test } from "vitest";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../../src/forward/forwardTypes.ts";
import { forwardLines } from "../../../src/text/commandLineText.ts";

const forward: ForwardSnapshot = {
  ...{ id: "f1", masterId: "m1", host: "build1", since: 0, state: { kind: "listening", since: 0 } },
  ...{ spec: parseForward("8080:db:5432"), origins: [{ kind: "person" }], lastFailure: undefined },
  ...{ addresses: ["127.0.0.1:8080"], takenAddresses: [], port: 8080, connections: [], openConnections: 0 },
  ...{ taken: 0, failed: 0, sent: 0, received: 0, rate: 0 },
};

test("~# lists the forwards of the connection with the connections through them, as plain text", () => {
  const open = { since: 0, sent: 0, received: 0 };
  const all: readonly ForwardSnapshot[] = [
    {
      ...forward,
      ...{ taken: 64, openConnections: 60 },
      connections: Array.from({ length: 50 }, (_, index) =>
        index === 0
          ? { id: 50, from: undefined, to: undefined, ...open }
          : { id: 50 - index, from: `127.0.0.1:${40_000 + index}`, to: "db\u001b[2J:5432", ...open },
      ),
    },
    { ...forward, id: "f2", masterId: "m2" },
    { ...forward, id: "f3", masterId: undefined },
  ];
  const lines = forwardLines(all, "m1");
  expect(lines[0]).toBe("The following ports are forwarded:");
  expect(lines[1]).toMatch(/^ {4}-L 8080:db:5432 \(listening, .*64/);
  expect(lines[2]).toBe("      unix socket -> ...");
  expect(lines[3]).toMatch(/^ {6}127\.0\.0\.1:40001 -> db.*:5432$/);
  expect(lines.at(-1)).toBe(`      ${60 - (lines.length - 3)} more are open.`);
  expect(lines.join("")).not.toContain("\u001b");
});

test("~# of a connection without forwards has no line about them", () => {
  expect(forwardLines([forward], "m2")).toEqual([]);
  expect(forwardLines([{ ...forward, masterId: undefined }], undefined)).toEqual([]);
});
