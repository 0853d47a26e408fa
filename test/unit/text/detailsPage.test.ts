import { describe, expect, it } from "vitest";
import { DetailsHistory } from "../../../src/session/detailsHistory.ts";
import { detailsHtml } from "../../../src/text/detailsHtml.ts";
import { connectionPage, sessionPage } from "../../../src/text/detailsPage.ts";
import { isDetailsAnswer } from "../../../src/text/detailsPageTypes.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";

const channel = {
  ...{ type: "session", localId: 0, remoteId: 4, localWindow: 2048, bytesIn: 1, bytesOut: 2 },
  ...{ eofSent: true, eofReceived: false, closeSent: false, closeReceived: false },
};

describe("the details page of a session", () => {
  it("shows the channel's timeline in order, with the time since the request", async () => {
    const { clock, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell, title: "build" });
    const start = session.snapshot().since;
    const page = sessionPage(
      session.snapshot(),
      {
        ...channel,
        requests: [
          { name: "pty-req", detail: "xterm 80x24", outcome: "accepted", at: start + 22 },
          { name: "shell", detail: "", outcome: "refused", at: start + 23 },
        ],
        moments: [
          { kind: "eof-sent", at: start + 65_000 },
          { kind: "opened", at: start + 20 },
        ],
      },
      manager.masters()[0],
      new DetailsHistory(),
      clock.now(),
    );
    expect(page.timeline.map(({ offset, label, detail, tone }) => [offset, label, detail, tone])).toEqual([
      ["+0 ms", "Session requested", "", "off"],
      ["+20 ms", "Channel opened", "The server confirmed it.", "good"],
      ["+22 ms", "Request pty-req", "accepted: xterm 80x24", "good"],
      ["+23 ms", "Request shell", "refused", "warning"],
      ["+1 min 5 s", "EOF sent", "The program gets no more input.", "off"],
    ]);
    expect(page.sections.map(({ title }) => title)).toEqual([
      "Session build",
      "Channel (RFC 4254)",
      "Requests",
      "Connection to web1",
    ]);
  });

  it("shows a series of resizes as one, with the last size", async () => {
    const { clock, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const resize = (detail: string, at: number) =>
      ({ name: "window-change", detail, outcome: "no reply asked", at }) as const;
    const at = session.snapshot().since;
    const page = sessionPage(
      session.snapshot(),
      { ...channel, requests: [resize("80x24", at + 1), resize("81x24", at + 2), resize("82x24", at + 3)] },
      undefined,
      new DetailsHistory(),
      clock.now(),
    );
    expect(page.timeline.slice(1).map(({ label, detail }) => [label, detail])).toEqual([
      ["Request window-change, 3 times", "sent, no reply requested: 82x24"],
    ]);
    expect(page.plots.map(({ id }) => id)).toEqual(["throughput", "window"]);
  });

  it("has no plots for a session that had ended before the page was opened", async () => {
    const { clock, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const outcome = { kind: "exited", code: 0 } as const;
    const ended = { ...session.snapshot(), state: { kind: "ended", since: clock.now(), outcome } as const };
    const plots = (history: DetailsHistory): readonly string[] =>
      sessionPage(ended, undefined, manager.masters()[0], history, clock.now()).plots.map(({ id }) => id);
    expect(plots(new DetailsHistory())).toEqual([]);
    const history = new DetailsHistory();
    history.add({ at: 1000, bytesIn: 0, bytesOut: 10 });
    expect(plots(history)).toEqual(["roundTrip", "throughput", "window"]);
  });

  it("shows no control character of a title or a server", async () => {
    const { clock, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell, title: "\u001b[31m<b>\u202e" });
    const page = sessionPage(
      session.snapshot(),
      { ...channel, requests: [{ name: "x\u0007", detail: "y\u0000", outcome: "pending", at: 1 }] },
      manager.masters()[0],
      new DetailsHistory(),
      clock.now(),
    );
    expect(JSON.stringify(page)).not.toMatch(/\\u00|\u202e/);
    expect(page.title).toContain("<b>");
  });
});

it("a connection's page has its sessions, round trips and algorithms", async () => {
  const { clock, engine, manager } = fakeStack();
  await manager.open({ host: "web1", ...shell, title: "build" });
  await clock.advance(2000);
  const second = await manager.open({ host: "web1", ...shell, title: "test" });
  await clock.advance(3000);
  engine.connection().channels[1]?.end({ code: 2 });
  await second.ended;
  const [master] = manager.masters();
  const page =
    master &&
    connectionPage(
      { ...master, roundTrips: [1, 3, 2] },
      manager.history(),
      new DetailsHistory(),
      clock.now(),
    );
  expect(page?.state).toEqual({ text: "ready", tone: "good" });
  expect(page?.plots[0]).toMatchObject({
    x: [1, 2, 3],
    series: [{ values: [1, 3, 2] }],
    summary: "3 measurements: last 2.0 ms, lowest 1.0 ms, highest 3.0 ms.",
  });
  expect(page?.sections.at(-1)?.rows).toEqual([["build", "terminal, open"]]);
  expect(page?.timeline.map(({ offset, label, detail }) => [offset, label, detail])).toEqual([
    ["+0 ms", "Connected", ""],
    ["+0 ms", "Session build", "terminal"],
    ["+2000 ms", "Session test", "terminal"],
    ["+5000 ms", "Session test ended", "exit code 2"],
  ]);
});

describe("the history of details", () => {
  it("has rates, and none if a counter or the clock was reset", () => {
    const history = new DetailsHistory();
    history.add({ at: 1000, bytesIn: 0, bytesOut: 10 });
    history.add({ at: 3000, bytesIn: 4000, bytesOut: 0 });
    expect(history.rates()).toEqual([
      { in: undefined, out: undefined },
      { in: 2000, out: undefined },
    ]);
    history.add({ at: 2000, bytesIn: 5000, bytesOut: 0 });
    expect(history.samples.map(({ at }) => at)).toEqual([2000]);
  });

  it("keeps the last 300 samples", () => {
    const history = new DetailsHistory();
    for (let at = 1; at <= 1000; at++) {
      history.add({ at, bytesIn: at, bytesOut: 0 });
    }
    expect([history.samples.length, history.samples[0]?.at, history.samples.at(-1)?.at]).toEqual([
      300, 701, 1000,
    ]);
  });
});

it("the frame allows its own script and style sheet only, and no attribute breaks out", () => {
  const html = detailsHtml({
    nonce: "abc=",
    cspSource: "https://x.test",
    script: 's"><script>',
    style: "t&",
  });
  expect(html).toContain(
    `content="default-src 'none'; style-src https://x.test; script-src 'nonce-abc='; base-uri 'none'; form-action 'none'"`,
  );
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toMatch(/unsafe|https?:\/\/(?!x\.test)/);
});

it("only messages of the page itself are accepted", () => {
  expect([{ kind: "ready" }, { kind: "copy" }, { kind: "text" }].every(isDetailsAnswer)).toBe(true);
  expect([undefined, null, "copy", {}, { kind: "run" }].some(isDetailsAnswer)).toBe(false);
});
