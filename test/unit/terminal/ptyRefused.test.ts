import { describe, expect, test } from "vitest";
import { FakeSession } from "./support/fakeSession.ts";
import { Tab } from "./support/tab.ts";

async function withoutPty(): Promise<Tab> {
  const tab = new Tab();
  const session = new FakeSession();
  session.ptyRefused = true;
  tab.sessions.push(session);
  tab.openings.push(async () => session);
  return await tab.open();
}

describe("a terminal whose server refused the pty", () => {
  test("shows ssh's message, and the session continues", async () => {
    const tab = await withoutPty();
    tab.session.send("Hi alice! You've successfully authenticated.\nBye.\n");
    const text = await tab.text();
    expect(text).toContain("PTY allocation request failed on channel 0");
    expect(text).toMatch(/^Hi alice! .*\nBye\.$/m);
    expect(tab.controller.state.kind).toBe("open");
  });

  test("echoes and edits lines locally, and sends them whole", async () => {
    const tab = await withoutPty();
    tab.type("lx\u007fs");
    expect(tab.session.input).toBe("");
    expect(await tab.text()).toMatch(/^ls$/m);
    tab.type("\r");
    expect(tab.session.input).toBe("ls\n");
    tab.type("\u0003");
    expect(tab.session.log).toContain("signal INT");
    tab.type("\u0004");
    expect(tab.session.log).toContain("eof");
  });

  test("shows nothing if there is a pty", async () => {
    const tab = await new Tab().open();
    expect(await tab.text()).not.toContain("PTY");
    tab.type("ls");
    expect(tab.session.input).toBe("ls");
  });
});
