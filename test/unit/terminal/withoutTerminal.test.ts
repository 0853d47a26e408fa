import { describe, expect, test } from "vitest";
import { Tab } from "./support/tab.ts";

async function tabWith(pty: "none" | "refused" | "there"): Promise<Tab> {
  const tab = new Tab();
  const session = tab.newSession();
  session.askedForPty = pty !== "none";
  session.ptyRefused = pty === "refused";
  tab.openings.push(() => Promise.resolve(session));
  await tab.open();
  await tab.until("open");
  return tab;
}

describe("a session without a terminal on the server", () => {
  test.each(["none", "refused"] as const)("(%s) is served as ssh is in a local terminal", async (pty) => {
    const tab = await tabWith(pty);
    tab.type("ls x");
    tab.type("\u007f");
    expect(tab.session.input).toBe("");
    tab.type("\r");
    expect(tab.session.input).toBe("ls \n");
    tab.session.send(Buffer.from("one\ntwo\n"));
    expect(await tab.text()).toMatch(/ls +\none\ntwo$/);
  });

  test("shows a notice only if it was refused", async () => {
    expect(await (await tabWith("none")).text()).toBe("");
    expect(await (await tabWith("refused")).text()).not.toBe("");
  });

  test("one with a terminal gets every key unchanged", async () => {
    const tab = await tabWith("there");
    tab.type("l\u007f\r\u0004");
    expect(tab.session.input).toBe("l\u007f\r\u0004");
    expect(await tab.text()).toBe("");
  });
});
