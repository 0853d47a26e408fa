import { expect, it } from "vitest";
import { formatDuration } from "../../../src/text/durations.ts";
import {
  describeOutcome,
  formatBytes,
  reportText,
  sessionSections,
} from "../../../src/text/sessionDetails.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [200 * 1024 * 1024, "200 MiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [999, "0 s"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [90_061_000, "1 day 1 h"],
  [-5, "0 s"],
])("%d ms are %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

it("an outcome never shows control characters of the server", () => {
  expect(describeOutcome({ kind: "signalled", signal: "TERM\u001b[2J", coreDumped: false })).toBe(
    "signal TERM\\u{1b}[2J",
  );
});

it("the report names channel, requests, ends and connection", async () => {
  const { clock, manager } = fakeStack();
  const session = await manager.open({ host: "web1", ...shell, title: "build\u0007" });
  session.eof();
  const sections = sessionSections(
    session.snapshot(),
    {
      ...{ type: "session", localId: 0, remoteId: 4, localWindow: 2048, bytesIn: 1, bytesOut: 2 },
      ...{ eofSent: true, eofReceived: false, closeSent: false, closeReceived: false },
      requests: [
        { name: "pty-req", detail: "xterm 80x24", outcome: "accepted" },
        { name: "env", detail: "LANG", outcome: "no reply asked" },
        { name: "shell", detail: "", outcome: "pending" },
      ],
    },
    manager.masters()[0],
    clock.now() + 65_000,
  );
  const report = reportText(sections);
  expect(report).toContain("Session build\\u{7}");
  expect(report).toMatch(/^Connection to web1$/m);
  expect(report).toMatch(/Server's id +4/);
  expect(report).toMatch(/Our window left +2048 bytes \(2\.0 KiB\)/);
  expect(report).toMatch(/EOF +ours sent, the server's not received/);
  expect(report).toMatch(/pty-req +accepted: xterm 80x24/);
  expect(report).toMatch(/env +sent, no reply requested: LANG/);
  expect(report).toMatch(/shell +sent, no reply yet$/m);
  expect(report).toMatch(/Destination +alice@server\.example\.org:22/);
  expect(report).toMatch(/^Received +0 B$/m);
  expect(report).toContain("(1 min 5 s ago)");
  expect(report).not.toMatch(/\dT\d|\b[sm]1\b/);
});
