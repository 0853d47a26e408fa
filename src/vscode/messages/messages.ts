/**
 * The only place that shows a message, a question or a list. VS Code makes links of `[words](command:…)` and icons of
 * `$(name)` in all of them, and most contain names of hosts, sessions, files and users, or a server's message. So all
 * text is made plain here, whatever its source, and no caller can forget to. A test finds calls in other files.
 */
import * as vscode from "vscode";
import { shownText } from "../../text/plainMessage.ts";

/** A modal dialog, or a notification with buttons. Undefined: closed. */
export interface MessageOptions {
  readonly modal?: boolean;
  /** Shown below the message, only in a dialog. */
  readonly detail?: string;
}

export type Severity = "information" | "warning" | "error";

/** Shows a message; resolves to the chosen button. */
export async function showMessage(
  severity: Severity,
  text: string,
  options: MessageOptions = {},
  ...actions: readonly string[]
): Promise<string | undefined> {
  const { modal, detail } = options;
  const plain: vscode.MessageOptions = {
    ...(modal === undefined ? {} : { modal }),
    ...(detail === undefined ? {} : { detail: shownText(detail) }),
  };
  switch (severity) {
    case "information":
      return await vscode.window.showInformationMessage(shownText(text), plain, ...actions);
    case "warning":
      return await vscode.window.showWarningMessage(shownText(text), plain, ...actions);
    case "error":
      return await vscode.window.showErrorMessage(shownText(text), plain, ...actions);
  }
}

/** A notification without buttons, which is not awaited. */
export function inform(text: string): void {
  void showMessage("information", text);
}

export function warn(text: string): void {
  void showMessage("warning", text);
}

/** Shows text in the status bar for some milliseconds, after one of our icons. */
export function showBriefly(text: string, milliseconds: number, icon?: "check" | "copy" | "info"): void {
  const shown = shownText(text);
  vscode.window.setStatusBarMessage(icon === undefined ? shown : `$(${icon}) ${shown}`, milliseconds);
}

/** A list entry with its texts made plain; icons go into `iconPath`. */
export function plainItem<T extends vscode.QuickPickItem>(item: T): T {
  return {
    ...item,
    label: shownText(item.label),
    ...(item.description === undefined ? {} : { description: shownText(item.description) }),
    ...(item.detail === undefined ? {} : { detail: shownText(item.detail) }),
  };
}

export type PickOptions = Omit<vscode.QuickPickOptions, "canPickMany">;

/**
 * Lets the user pick one entry. Undefined: closed.
 * @param selected `none`: Enter chooses nothing until the user has selected an entry.
 */
export async function pickOne<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: PickOptions,
  selected: "first" | "none" = "first",
): Promise<T | undefined> {
  return selected === "first"
    ? await vscode.window.showQuickPick(items.map(plainItem), plainOptions(options))
    : await pickUnselected(items.map(plainItem), plainOptions(options));
}

async function pickUnselected<T extends vscode.QuickPickItem>(
  items: readonly T[],
  { title, placeHolder, matchOnDescription }: PickOptions,
): Promise<T | undefined> {
  const pick = vscode.window.createQuickPick<T>();
  pick.title = title;
  pick.placeholder = placeHolder;
  pick.matchOnDescription = matchOnDescription ?? false;
  pick.items = items;
  pick.activeItems = [];
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => {
        const [chosen] = pick.selectedItems;
        if (chosen !== undefined) {
          resolve(chosen);
          pick.hide();
        }
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

/** Lets the user pick several entries. Undefined: closed. */
export async function pickMany<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: PickOptions,
): Promise<readonly T[] | undefined> {
  return await vscode.window.showQuickPick(items.map(plainItem), {
    ...plainOptions(options),
    canPickMany: true,
  });
}

function plainOptions({ title, placeHolder, ...rest }: PickOptions): PickOptions {
  return {
    ...rest,
    ...(title === undefined ? {} : { title: shownText(title) }),
    ...(placeHolder === undefined ? {} : { placeHolder: shownText(placeHolder) }),
  };
}

/** A line of text. Undefined: closed. */
export interface LineQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly placeHolder?: string;
  readonly value?: string;
  readonly ignoreFocusOut?: boolean;
  /** What is wrong with the typed text; undefined: nothing. */
  readonly complaint?: (value: string) => string | undefined;
}

export async function askLine(question: LineQuestion): Promise<string | undefined> {
  const { title, prompt, placeHolder, value, ignoreFocusOut, complaint } = question;
  return await vscode.window.showInputBox({
    title: shownText(title),
    prompt: shownText(prompt),
    ...(placeHolder === undefined ? {} : { placeHolder: shownText(placeHolder) }),
    ...(value === undefined ? {} : { value }),
    ...(ignoreFocusOut === undefined ? {} : { ignoreFocusOut }),
    ...(complaint === undefined
      ? {}
      : {
          validateInput: (typed: string): string | undefined => {
            const wrong = complaint(typed);
            return wrong === undefined ? undefined : shownText(wrong);
          },
        }),
  });
}

export type Report = (progress: { readonly message: string; readonly increment?: number }) => void;

/** Shows a notification with a title while `task` runs, which the user may cancel. */
export async function withNotification<T>(
  title: string,
  task: (report: Report, token: vscode.CancellationToken) => Promise<T>,
): Promise<T> {
  return await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: shownText(title), cancellable: true },
    async (progress, token) =>
      await task((shown) => progress.report({ ...shown, message: shownText(shown.message) }), token),
  );
}

/** Shows a progress bar at the top of a view while `task` runs. */
export async function withViewProgress<T>(viewId: string, task: () => Promise<T>): Promise<T> {
  return await vscode.window.withProgress({ location: { viewId } }, task);
}

/**
 * Markdown for a hover, made of our own text and of `literal` text. It never runs a command and contains no HTML,
 * whatever its text; icons are ours.
 */
export function hoverText(markdown: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString(markdown, true);
  text.isTrusted = false;
  text.supportHtml = false;
  return text;
}
