import { describe, expect, vi } from "vitest";
import { literal } from "../../src/text/markdownText.ts";
import { shownText } from "../../src/text/plainMessage.ts";
import { presentHost } from "../../src/vscode/views/hostPresentation.ts";
import { attack, beforeRun } from "./support/attackTest.ts";

/** Everything that VS Code was asked to show. */
const shown: string[] = [];

function record(value: unknown): void {
  if (typeof value === "string") {
    shown.push(value);
  } else if (Array.isArray(value)) {
    for (const each of value) {
      record(each);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const each of Object.values(value)) {
      record(each);
    }
  }
}

vi.mock("vscode", () => {
  const show = async (...given: unknown[]): Promise<void> => record(given);
  return {
    window: {
      showInformationMessage: show,
      showWarningMessage: show,
      showErrorMessage: show,
      setStatusBarMessage: show,
      showQuickPick: show,
      showInputBox: async (options: { validateInput?: (value: string) => unknown }) => {
        record(options);
        record(options.validateInput?.("x"));
      },
      withProgress: async (options: unknown, task: (...given: unknown[]) => unknown) => {
        record(options);
        return await task({ report: record }, {});
      },
    },
    ProgressLocation: { Notification: 15 },
    MarkdownString: class {
      isTrusted: unknown = undefined;
      supportHtml: unknown = undefined;
      readonly value: string;
      constructor(value: string) {
        this.value = value;
      }
    },
  };
});

const messages = await import("../../src/vscode/messages/messages.ts");

/** Hostile names of a host, a session, a file, a folder, a user or a server. */
const hostile = [
  "[Retry](command:workbench.action.terminal.new).sh",
  "[Retry](command:x)",
  "[a] (b) [c](https://evil.example)",
  "[x]((command:y))",
  "$(check) $(sync~spin) done",
  "$$((check))",
  "evil\u202egpj.exe",
  "a\u0007\u001b]8;;x\u0007b\u0000",
  "two\r\nlines",
  "\u200b\u2066\u2069\ufeff",
  "![picture](https://evil.example/x.png)",
  "<a href='command:x'>y</a>",
  "]]](](](",
  "\ud800",
];

const oneText = { once: "one text is shown in each place; the longest is of 1.4 million characters" };

beforeRun(() => {
  shown.length = 0;
});

function expectPlain(ownIcon = false): void {
  expect(shown.length).toBeGreaterThan(0);
  for (const text of shown) {
    const rest = ownIcon ? text.replace(/^\$\((?:check|copy)\) /, "") : text;
    expect(rest).not.toMatch(/\]\(/);
    expect(rest).not.toMatch(/\$\(/);
    expect(rest.replaceAll(/[\n\t]/g, "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(rest.length).toBeLessThan(10_100);
  }
}

describe.each([...hostile, "[x](command:y)".repeat(100_000)])("a hostile name: %.30s", (name) => {
  attack("makes no link, no icon and no invisible character in a message", oneText, async () => {
    for (const severity of ["information", "warning", "error"] as const) {
      await messages.showMessage(severity, `Run ${name} now?`, { modal: true, detail: name });
    }
    messages.inform(name);
    messages.warn(name);
    expectPlain();
  });

  attack("nor in a list, a question, a title or the status bar", oneText, async () => {
    await messages.pickOne([{ label: name, description: name, detail: name }], {
      title: name,
      placeHolder: name,
    });
    await messages.pickMany([{ label: name, description: name, detail: name }], { title: name });
    await messages.askLine({ title: name, prompt: name, placeHolder: name, complaint: () => name });
    await messages.withNotification(name, async (report) => report({ message: name }));
    expectPlain();
    shown.length = 0;
    messages.showBriefly(name, 1, "check");
    expectPlain(true);
  });

  attack("stays literal in a hover, which runs nothing", oneText, () => {
    const hover = messages.hoverText(`$(vm) **${literal(name)}**`);
    expect(hover.isTrusted).toBe(false);
    expect(hover.supportHtml).toBe(false);
    const row = presentHost(
      { alias: name, source: "settings", user: name, hostName: name } as never,
      undefined,
      "/",
    );
    for (const text of [hover.value.replace(/^\$\(vm\) /, ""), row.hover.replace(/^\$\(vm\) /, "")]) {
      expect(text).not.toMatch(/(?<!\\)\]\(|(?<!\\)\$\(|<a|!\[/);
      expect(text.length).toBeLessThan(5000);
    }
  });
});

describe("making a text plain", () => {
  attack("is idempotent: a plain text stays the same", oneText, () => {
    for (const name of hostile) {
      const once = shownText(name);
      expect(shownText(once)).toBe(once);
    }
  });

  attack.each([["]("], ["$("], ["\u202e"], ["a"]])(
    "takes bounded time: %j",
    { size: 1_000_000 },
    (shape, size) => {
      shownText(shape.repeat(size));
    },
  );
});
