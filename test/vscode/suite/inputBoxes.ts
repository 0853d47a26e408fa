import * as vscode from "vscode";

export interface AskedQuestion {
  readonly prompt: string;
  readonly password: boolean;
}

/** Answers input boxes in place of the user, until disposed. */
export interface InputBoxAnswers extends vscode.Disposable {
  readonly asked: readonly AskedQuestion[];
}

/**
 * The extension's boxes are real; only the typing is simulated. `reply` gets the prompt and returns the text to type.
 */
export function answerInputBoxes(reply: (prompt: string) => string): InputBoxAnswers {
  const window: { createInputBox: typeof vscode.window.createInputBox } = vscode.window;
  const { createInputBox } = vscode.window;
  const asked: AskedQuestion[] = [];
  window.createInputBox = () => {
    const box = createInputBox();
    const accepted = new vscode.EventEmitter<void>();
    const proxy = new Proxy(box, {
      get(target, property) {
        switch (property) {
          case "onDidAccept":
            return accepted.event;
          case "show":
            return () => {
              target.show();
              const prompt = target.prompt ?? "";
              asked.push({ prompt, password: target.password });
              target.value = reply(prompt);
              accepted.fire();
            };
          case "dispose":
            return () => {
              accepted.dispose();
              target.dispose();
            };
          default: {
            const value: unknown = Reflect.get(target, property, target);
            return typeof value === "function" ? value.bind(target) : value;
          }
        }
      },
      set: (target, property, value) => Reflect.set(target, property, value, target),
    });
    return proxy;
  };
  return {
    asked,
    dispose: () => {
      window.createInputBox = createInputBox;
    },
  };
}
