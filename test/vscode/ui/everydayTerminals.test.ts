import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { withoutBranch } from "../harness/terminals.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { screenshotFailures } from "./failureScreenshot.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** What a user does in remote terminals every day: titles, copied text, paths, commands that end, EOF, scripts. */
describe("everyday use of terminals", () => {
  let lab: TerminalLab;
  let workspace: string;

  beforeAll(async () => {
    lab = await openTerminalLab({
      aliases: ["lab", "asking", "mute"],
      settings: {
        "sshSessions.terminalTitle": `\${name}\${separator}\${remoteTitle}`,
        "sshSessions.clipboard.limit": 1,
        "sshSessions.hosts": [
          { pattern: "asking", clipboardWrite: "ask" },
          { pattern: "mute", clipboardWrite: "off" },
        ],
      },
    });
    workspace = lab.workbench.workspaceFolder;
    await lab.workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  });

  screenshotFailures(() => lab.workbench);

  afterAll(async () => {
    await lab?.close();
  });

  const clipboard = async (): Promise<string> =>
    await lab.workbench.page.evaluate<string>("navigator.clipboard.readText()");
  const setClipboard = async (text: string): Promise<void> =>
    await lab.workbench.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  /** A command line that prints OSC 52 with this text. */
  const copying = (text: string): string =>
    `printf '\\033]52;c;%s\\007' "$(printf '${text}' | base64 -w0)"\n`;
  const waitForName = async (name: string): Promise<void> =>
    void (await waitUntil(
      async () => (await lab.workbench.terminals.names()).map(withoutBranch).includes(name),
      async () => `not "${name}", but: ${(await lab.workbench.terminals.names()).join()}`,
    ));

  it("a tab shows the title that the program sets, and keeps a name that the user sets", async () => {
    const { workbench } = lab;
    const { terminals, quickInput } = workbench;
    await lab.open("ours", 0);
    await terminals.type("printf '\\033]2;top: 3 %s\\007' users\n");
    await waitForName("lab - top: 3 users");
    await workbench.screenshot("remote-title");
    await workbench.runCommand("Terminal: Rename...");
    await quickInput.waitFor("Enter terminal name");
    await quickInput.fill("mine");
    await quickInput.accept();
    await waitForName("mine - top: 3 users");
    await workbench.tree("Live").waitForRow("mine");
    await terminals.type("printf '\\033]0;\\007'\n");
    await waitForName("mine");
  });

  it("a program copies text up to the limit; longer text is refused in the terminal", async () => {
    const { terminals } = lab.workbench;
    await setClipboard("before");
    await terminals.type(copying("from the server"));
    await waitUntil(
      async () => (await clipboard()) === "from the server",
      async () => `the clipboard has: ${await clipboard()}`,
    );
    await terminals.type(copying("%02000d"));
    await terminals.waitForText("Not copied to the clipboard");
    assert.equal(await clipboard(), "from the server");
  });

  it("with `ask` for the host, a message shows the text first; with `off`, nothing is copied", async () => {
    const { workbench } = lab;
    const { terminals, notifications } = workbench;
    await setClipboard("before");
    await lab.open("ours", 1, "asking");
    await terminals.type(copying("rm -rf build"));
    assert.match(
      await notifications.waitFor("wants to copy"),
      /"asking" wants to copy 12 characters to the clipboard: rm -rf build/,
    );
    assert.equal(await clipboard(), "before");
    await workbench.screenshot("clipboard-question");
    await notifications.press("wants to copy", "Copy");
    await waitUntil(
      async () => (await clipboard()) === "rm -rf build",
      async () => `the clipboard has: ${await clipboard()}`,
    );
    await notifications.clear();
    await lab.open("ours", 2, "mute");
    await terminals.type(`${copying("never").trimEnd()}; echo over-$((1+1))\n`);
    await terminals.waitForText("over-2");
    assert.equal(await clipboard(), "rm -rf build");
    assert.deepEqual(await notifications.texts(), []);
  });

  it("a command from the palette acts on the SSH terminal in use; without one, nothing to end is selected", async () => {
    const { workbench } = lab;
    const { terminals, quickInput } = workbench;
    await lab.show(1);
    await terminals.type("");
    await workbench.runCommand("SSH Sessions: Rename Session…");
    await quickInput.waitFor("New title for the session on asking");
    await quickInput.cancel();
    await workbench.runCommand("SSH Sessions: Disconnect");
    await quickInput.waitFor("Choose a connection or a session");
    assert.equal(await quickInput.selectedRow(), "asking");
    await workbench.screenshot("disconnect-active");
    await quickInput.cancel();
    await workbench.runCommand("Terminal: Create New Terminal");
    await terminals.waitForText("local>");
    await workbench.runCommand("SSH Sessions: Disconnect");
    await quickInput.waitFor("Choose a connection or a session");
    assert.equal(await quickInput.selectedRow(), undefined);
    await quickInput.cancel();
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
  });

  it("a program that reads the clipboard gets no answer", async () => {
    const { terminals } = lab.workbench;
    await lab.show(0);
    await setClipboard("a secret");
    // A reply of the terminal would be typed into the read.
    await terminals.type("printf '\\033]52;c;?\\007'; read -rsn1 -t 2; echo answer-${#REPLY}-\n");
    await terminals.waitForText("answer-0-");
  });

  it("Ctrl+click on a path opens the server's file, not the local one of that name", async () => {
    const { workbench } = lab;
    const { page, terminals } = workbench;
    const folder = join(lab.folder, "srv");
    await mkdir(folder);
    await writeFile(join(folder, "notes.txt"), "first line\nsecond line\n");
    await terminals.type(`clear; echo ${folder}/notes.txt:2:3\n`);
    await terminals.waitForText(new RegExp(`^${folder}/notes.txt:2:3`, "m"));
    const lines = (await lab.screen()).split("\n").slice(1);
    const row = lines.findIndex((line) => line.startsWith(folder));
    const { x, y } = await lab.cell(8, row);
    await page.mouse.move(x + 200, y + 60);
    await page.keyboard.down("Control");
    await page.mouse.move(x, y);
    await page.getByText(`Open ${folder}/notes.txt on lab`).waitFor();
    await page.mouse.click(x, y);
    await page.keyboard.up("Control");
    const tab = page.locator(".tabs-container .tab").filter({ hasText: "notes.txt" });
    await tab.waitFor();
    await page.locator(".view-line").filter({ hasText: "second" }).waitFor();
    await workbench.statusBarItem("Ln 2, Col 3").waitFor();
    // From a document of ours: the server is this machine and has the same file.
    await page.locator('.monaco-editor[data-uri^="ssh-session-file:/lab%3A/"]').waitFor();
    await workbench.screenshot("remote-file");
    await workbench.runCommand("View: Close All Editors");
  });

  it("Ctrl+click on a relative path opens it from the folder that the shell reports, and says what is missing without one", async () => {
    const { workbench } = lab;
    const { page, terminals, notifications } = workbench;
    const folder = join(lab.folder, "srv");
    const clickOn = async (word: string): Promise<void> => {
      const lines = (await lab.screen()).split("\n").slice(1);
      const { x, y } = await lab.cell(
        2,
        lines.findIndex((line) => line.startsWith(word)),
      );
      await page.mouse.move(x + 200, y + 60);
      await page.keyboard.down("Control");
      await page.mouse.move(x, y);
      await page.getByText(`Open ${word} on lab`).waitFor();
      await page.mouse.click(x, y);
      await page.keyboard.up("Control");
    };
    await terminals.type("clear; echo ./notes.txt:1\n");
    // Until the prompt is there: a line that is drawn again loses its link until the mouse moves.
    await terminals.waitForText(/^\.\/notes\.txt:1\s+lab>/m);
    await clickOn("./notes.txt");
    assert.match(await notifications.waitFor("notes.txt"), /./);
    await workbench.screenshot("relative-path-unknown");
    await notifications.clear();
    await terminals.type(
      `clear; printf '\\033]7;file://%s%s\\007' "$(hostname)" ${folder}; echo ./notes.txt:2\n`,
    );
    await terminals.waitForText(/^\.\/notes\.txt:2\s+lab>/m);
    await clickOn("./notes.txt");
    await page.locator(".tabs-container .tab").filter({ hasText: "notes.txt" }).waitFor();
    await workbench.statusBarItem("Ln 2, Col 1").waitFor();
    await workbench.runCommand("View: Close All Editors");
  });

  it("a command's tab stays open with its exit code, also after Escape; R runs it again, Enter closes it", async () => {
    const { workbench } = lab;
    const { terminals, quickInput, notifications } = workbench;
    const before = (await terminals.names()).length;
    await workbench.tree("Hosts").contextMenu("lab", "Run Command on Host…");
    await quickInput.waitFor("Run by the login shell on the host");
    await quickInput.fill("echo ran-$((40+2)); exit 3");
    await quickInput.accept();
    await quickInput.waitFor("Show the output in");
    await quickInput.pick("Terminal");
    await terminals.waitForText(/ran-42[\s\S]*exit code 3[\s\S]*R to run the command again/);
    await workbench.screenshot("command-ended");
    for (const key of ["Escape", "r"]) {
      await terminals.press(key);
    }
    await terminals.waitForText(/(ran-42[\s\S]*){2}R to run the command again/);
    await terminals.press("Enter");
    await waitUntil(
      async () => (await terminals.names()).length === before,
      async () => `terminals: ${(await terminals.names()).join()}`,
    );
    assert.deepEqual(await notifications.texts(), []);
  });

  it("a command on several hosts shows what each writes while it runs, and a report at the end", async () => {
    const { workbench } = lab;
    const { page, quickInput } = workbench;
    const go = join(lab.folder, "go");
    await workbench.runCommand("SSH Sessions: Run Command on Host…");
    await quickInput.waitFor("Choose one or more hosts");
    for (const name of ["lab", "mute"]) {
      await quickInput.fill(name);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Space");
    }
    await quickInput.fill("");
    await quickInput.accept();
    await quickInput.waitFor("uptime");
    await quickInput.fill(
      `echo begun-$((40+2)); until [ -e ${go} ]; do sleep 0.1; done; echo over-$((40+3))`,
    );
    await quickInput.accept();
    const waitForLines = async (where: string, wanted: RegExp): Promise<void> => {
      const read = async (): Promise<string> =>
        (await page.locator(`${where} .view-lines`).first().innerText()).replaceAll("\u00a0", " ");
      await waitUntil(async () => wanted.test(await read()), read);
    };
    await waitForLines("#workbench\\.panel\\.output", /lab +│ begun-42/);
    await waitForLines("#workbench\\.panel\\.output", /mute +│ begun-42/);
    await workbench.screenshot("live-output");
    await writeFile(go, "");
    await waitForLines(".editor-instance", /begun-42\s+over-43[\s\S]*begun-42\s+over-43/);
    await workbench.runCommand("View: Revert and Close Editor");
    await workbench.runCommand("Terminal: Focus Terminal");
  });

  it("EOF to a shell asks first and is shown in the terminal and the row, and further keys are refused visibly", async () => {
    const { workbench } = lab;
    const { terminals, dialogs } = workbench;
    const live = workbench.tree("Live");
    await lab.show(1);
    await terminals.type("cat > /dev/null; sleep 100\n");
    await live.contextMenu("asking", "Send EOF");
    assert.match(await dialogs.text(), /Send EOF to "asking"\?[\s\S]*accepts no more keys/);
    await dialogs.press("Send EOF");
    await terminals.waitForText("EOF sent: the program gets no more input");
    await live.waitForRow("asking", ({ level, description }) => level === 2 && /EOF sent/.test(description));
    await terminals.type("x");
    await terminals.waitForText("EOF was sent: keys no longer reach the program.");
    await workbench.screenshot("eof-sent");
  });

  it("a script with a read runs as a whole, or from standard input, where the read consumes its next line", async () => {
    const { workbench } = lab;
    const { quickInput, page } = workbench;
    await writeFile(join(workspace, "ask.sh"), "echo one\nread -r answer\necho two\necho answer=$answer\n");
    for (const [way, output] of [
      ["As a Whole", ["one", "two", "answer="]],
      ["From Standard Input", ["one", "answer=echo two"]],
    ] as const) {
      await page.keyboard.press("Control+P");
      await quickInput.waitFor("Search files by name");
      await quickInput.fill("ask.sh");
      await quickInput.pick("ask.sh");
      await page.locator(".tab.active").filter({ hasText: "ask.sh" }).waitFor();
      await workbench.tree("Hosts").contextMenu("lab", "Run Script on Host…");
      await quickInput.waitFor("Arguments of the script");
      await quickInput.accept();
      await quickInput.waitFor("How the Script Is Run");
      await quickInput.pick(way);
      const shown = page.locator(".editor-instance .view-lines");
      await waitUntil(
        async () => {
          const lines = (await shown.first().innerText()).replaceAll("\u00a0", " ").split("\n");
          const at = lines.indexOf(output[0]);
          return at >= 0 && output.every((line, index) => lines[at + index] === line);
        },
        async () => `not ${output.join()}, but: ${await shown.first().innerText()}`,
      );
      await workbench.runCommand("View: Revert and Close Editor");
    }
  });
});
