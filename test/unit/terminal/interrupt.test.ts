import { describe, expect, test } from "vitest";
import type { TerminalControllerInit } from "../../../src/terminal/terminalControllerTypes.ts";
import { settle } from "../../support/manualClock.ts";
import { Tab } from "./support/tab.ts";

/** The additions of flow control to the output: marks, and when to draw. */
const marks = /\u001b\[\?(?:\d{10}\$p|2026[hl])/g;
const block = "a line of the flood\r\n".repeat(1500);

/** 3 MB are in transit to a terminal that is behind. */
async function floodedTab(block_ = block, init: Partial<TerminalControllerInit> = {}): Promise<Tab> {
  const tab = await new Tab(init).open();
  tab.stopAnswering();
  for (let part = 0; part < 100; part++) {
    tab.session.send(block_);
  }
  expect(tab.session.paused).toBe(true);
  return tab;
}

/** The terminal acknowledges everything that it has received, again if it had done so before. */
function answerAll(tab: Tab): void {
  for (const [, number] of tab.written.matchAll(/\u001b\[\?(\d{10})\$p/g)) {
    tab.controller.input(`\u001b[?${number};0$y`);
  }
}

/** A frame is held back, and some of the output waits for it. */
async function heldTab(): Promise<Tab> {
  const tab = await new Tab().open();
  tab.stopAnswering();
  for (let part = 0; part < 20; part++) {
    tab.session.send(block);
  }
  expect(tab.session.paused).toBe(true);
  for (let turn = 0; turn < 100 && tab.session.paused; turn++) {
    answerAll(tab);
  }
  // That frame is drawn.
  await tab.clock.advance(300);
  answerAll(tab);
  const begun = tab.written.length;
  for (let part = 0; part < 8; part++) {
    tab.session.send(block);
  }
  expect(tab.written.slice(begun)).toContain("\u001b[?2026h");
  expect(tab.written.length - begun).toBeLessThan(6 * block.length);
  return tab;
}

describe("an interrupt while the terminal is behind", () => {
  test("reaches the server at once, and the prompt appears without the rest of the flood", async () => {
    const tab = await floodedTab();
    const before = tab.written.length;
    tab.type("\u0003");
    expect(tab.session.input).toBe("\u0003");
    tab.session.send("^C\r\n$ ");
    const added = tab.written.slice(before);
    expect(added.length).toBeLessThan(200);
    expect(added).toMatch(/\[… 2\.\d MB skipped after Ctrl\+C …\]\u001b\[K\r\n.*\^C\r\n\$ $/s);
    expect(tab.clock.pendingTimers).toBe(1);
    tab.controller.dispose();
    await settle();
    expect(tab.clock.pendingTimers).toBe(0);
  });

  test("output that waits for a frame is not shown either; later output is, all in one frame", async () => {
    const tab = await heldTab();
    const before = tab.written.length;
    tab.type("\u0003");
    tab.session.send("^C\r\n");
    await tab.clock.advance(10);
    tab.session.send("$ ");
    const added = tab.written.slice(before);
    expect(added).toMatch(/^(?!\r\n).*\[… \d+ kB skipped after Ctrl\+C …\]\u001b\[K\r\n[^\r\n]*\^C\r\n\$ $/s);
    expect(added).not.toMatch(/2026|flood/);
    await tab.clock.advance(19);
    expect(tab.written.slice(before)).toBe(added);
    await tab.clock.advance(1);
    expect(tab.written.slice(before)).toBe(`${added}\u001b[?2026l`);
    expect(tab.clock.pendingTimers).toBe(0);
    tab.controller.dispose();
  });

  test("a false echo that also waited for the terminal does not let the flood continue", async () => {
    const tab = await heldTab();
    for (let part = 0; part < 100; part++) {
      tab.session.send(part === 50 ? "^C\r\n" : block);
    }
    expect(tab.session.paused).toBe(true);
    tab.type("\u0003");
    expect(tab.written).toContain("skipped after Ctrl+C");
    expect(tab.session.paused).toBe(true);
    tab.controller.dispose();
  });

  test("a line of our own waits until the terminal's position is known again", async () => {
    const tab = await heldTab();
    tab.session.send("\u000e");
    tab.type("\u0003");
    const before = tab.written.length;
    tab.controller.notice("notice");
    expect(tab.written.length).toBe(before);
    tab.session.send("^C\r\n$ ");
    expect(tab.written.slice(before)).toMatch(
      /skipped after.*\u001b\[0m\u000e\^C\r\n\$ \r\n\u001b\[0m\u000f\u001b\(B\u001b\[2mnotice/s,
    );
    tab.controller.dispose();
  });

  test("output of a program that continues is shown, held back as before", async () => {
    const tab = await floodedTab();
    tab.type("\u0003");
    tab.session.send("^Cnot me\r\n");
    expect(tab.session.paused).toBe(true);
    tab.session.send(block);
    answerAll(tab);
    expect(tab.session.paused).toBe(false);
    expect(tab.written.replace(marks, "").endsWith(`^Cnot me\r\n${block}`)).toBe(true);
  });

  test("without an echo the end of the output is shown once it is quiet", async () => {
    const tab = await floodedTab();
    tab.type("\u0003");
    tab.session.send("bye\r\n$ ");
    expect(tab.written.endsWith("$ ")).toBe(false);
    await tab.clock.advance(100);
    expect(tab.written.replace(marks, "").endsWith(`${block}bye\r\n$ `)).toBe(true);
    expect(tab.written).toContain("skipped after Ctrl+C");
  });

  test("output that never ends is shown again after a while", async () => {
    const tab = await floodedTab();
    tab.type("\u0003");
    const before = tab.written.length;
    for (let turn = 0; turn < 100 && tab.written.length === before; turn++) {
      tab.session.send(block);
      await tab.clock.advance(50);
    }
    expect(tab.written).toContain("skipped after Ctrl+C");
    expect(tab.session.paused).toBe(true);
  });

  test("a sequence whose beginning is on the screen is completed", async () => {
    const tab = await floodedTab(`1m${block}\u001b[3`);
    expect(tab.written.endsWith("\u001b[3")).toBe(true);
    const before = tab.written.length;
    tab.type("\u0003");
    tab.session.send("1m^C\r\n$ ");
    const added = tab.written.slice(before);
    expect(added.startsWith("1m")).toBe(true);
    expect(added).toMatch(/skipped after Ctrl\+C …\]\u001b\[K\r\n.*\u001b\[0;31m\^C\r\n\$ $/s);
  });

  test("a character is not cut in transit, whatever its size", async () => {
    const chunks: string[] = [];
    const tab = await floodedTab(`😀\u0007${block}\u001b]0;`, { write: (text) => chunks.push(text) });
    chunks.length = 0;
    tab.type("\u0003");
    tab.session.send("^C\r\n$ ");
    expect(chunks.join("").startsWith("😀\u0007")).toBe(true);
    expect(chunks.filter((chunk) => Buffer.from(chunk).toString() !== chunk)).toEqual([]);
  });

  test("the end of the session ends the skipping, too", async () => {
    const tab = await floodedTab();
    tab.type("\u0003");
    tab.session.send("last words\r\n");
    tab.session.end({ kind: "exited", code: 130 });
    await settle();
    expect(tab.closed).toEqual([undefined]);
    expect(tab.written).toContain("last words");
    expect(tab.clock.pendingTimers).toBe(0);
  });
});

describe("nothing is skipped", () => {
  test("without an interrupt, however far behind the terminal is", async () => {
    const tab = await new Tab().open();
    const sent = Array.from({ length: 100 }, (_, part) => `${part} ${block}`);
    for (const part of sent) {
      tab.session.send(part);
    }
    do {
      await tab.text();
    } while (tab.session.paused);
    // The part that is held back for a frame.
    await tab.clock.advance(200);
    expect(tab.written.replace(marks, "")).toBe(sent.join(""));
    expect(tab.session.input).toBe("");
  });

  test("in a full screen program", async () => {
    const tab = await floodedTab(`\u001b[?1049h${block}`);
    tab.type("\u0003");
    for (let turn = 0; turn < 100 && tab.session.paused; turn++) {
      answerAll(tab);
    }
    expect(tab.written.replace(marks, "")).toBe(`\u001b[?1049h${block}`.repeat(100));
  });

  test("while the terminal keeps up", async () => {
    const tab = await new Tab().open();
    tab.session.send("sleep 100\r\n");
    tab.type("\u0003");
    tab.session.send(`${"x".repeat(3000)}^C\r\n$ `);
    expect(tab.written).not.toContain("skipped");
    expect(tab.clock.pendingTimers).toBe(0);
  });

  test("if the interrupt is part of a paste, or can't get through", async () => {
    const pasted = await floodedTab();
    pasted.controller.input("text\u0003more");
    pasted.session.send("^C\r\n$ ");
    expect(pasted.written).not.toContain("skipped");

    const blocked = await floodedTab();
    blocked.session.room = 1;
    blocked.type("x\u0003");
    blocked.session.send("^C\r\n$ ");
    expect(blocked.written).not.toContain("skipped");
  });
});
